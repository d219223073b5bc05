//! The way to the server: encrypted, and to the one that is meant.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};

use crate::support::Highwater;
use crate::support::cluster::{Cluster, PASSWORD};

#[test]
fn the_server_proves_who_it_is_where_that_is_asked_for() {
    let Some(mut cluster) = Cluster::start("TLS") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let other = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let other = other.self_signed(&KeyPair::generate().unwrap()).unwrap();
    for (name, text) in
        [("cert.pem", own.pem()), ("key.pem", key.serialize_pem()), ("other.pem", other.pem())]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    cluster.encrypt(folder.path());
    let highwater = Highwater::built_in().with("PGPASSWORD", PASSWORD);
    let root = |name: &str| format!("&sslrootcert={}", folder.path().join(name).display());
    let (named, numbered) =
        (cluster.bare_url("tls").replace("127.0.0.1", "localhost"), cluster.bare_url("tls"));
    let how =
        "SELECT string_agg(DISTINCT version, ',') FROM pg_stat_ssl WHERE pid <> pg_backend_pid() AND ssl";
    let mut running = highwater.start(["sync", "--db", &named, "--every", "1h", "--json"]);
    running.until_event("run_ended");
    assert_eq!(cluster.sql("tls", how), "TLSv1.3", "encrypted because it can be");
    drop(running);
    for (url, is_believed) in [
        (format!("{named}&sslmode=require"), true),
        (format!("{named}&sslmode=verify-full{}", root("cert.pem")), true),
        (format!("{named}&sslmode=verify-full"), false),
        (format!("{named}&sslmode=verify-full{}", root("other.pem")), false),
        (format!("{named}&sslmode=require{}", root("other.pem")), false),
        (format!("{numbered}&sslmode=verify-full{}", root("cert.pem")), false),
        (format!("{named}&sslmode=require{}", root("key.pem")), false),
    ] {
        let shown = highwater.start(["state", "--db", &url, "show"]).end();
        assert_eq!(shown.code() == 0, is_believed, "{url}: {shown}");
        assert!(is_believed || shown.stderr.contains("certificate"), "{shown}");
    }
}
