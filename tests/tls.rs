//! HTTPS by the real program: a source is believed if its certificate is, by the system's authorities or by those of
//! `--ca-file`, and there is no way to believe one that is not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Arc;

use highwater::config::KEYS;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::Highwater;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PAGE: &str = r#"{"data":[{"id":"1","updatedAt":"2026-01-01T00:00:00Z"}],"scroll_param":null}"#;

/// An authority of our own.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate is for that name and ends in that year. Gives its port.
async fn serve(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, year: i32) -> u16 {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, 1, 1);
    let certificate: CertificateDer<'static> = params.signed_by(&key, authority).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not believe leaves.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
                let length = PAGE.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}");
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

fn sync(port: u16, ca: Option<&str>) -> support::Done {
    let program = Highwater::against(&format!("https://127.0.0.1:{port}/users"));
    let mut arguments = Vec::new();
    if let Some(pem) = ca {
        std::fs::write(program.home().join("ca.pem"), pem).unwrap();
        arguments.extend(["--ca-file", "ca.pem"]);
    }
    program.sync(&arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_believed_if_its_certificate_is() {
    let (ours, other) = (authority("ours"), authority("another"));
    let (ca, stranger) = (ours.pem(), other.pem());
    let good = serve(&ours, "127.0.0.1", 2999).await;
    let done = sync(good, Some(&ca));
    assert_eq!(done.code(), 0, "{done}");
    let both = format!("{stranger}{ca}");
    assert_eq!(sync(good, Some(&both)).code(), 0, "one of several");
    for (what, port, ca, told) in [
        ("an unknown authority", good, None, "UnknownIssuer"),
        ("another authority", good, Some(&stranger), "UnknownIssuer"),
        ("another name", serve(&ours, "elsewhere.example", 2999).await, Some(&ca), "not valid for name"),
        ("expired", serve(&ours, "127.0.0.1", 2020).await, Some(&ca), "expired"),
    ] {
        let done = sync(port, ca.map(String::as_str));
        assert_eq!(done.code(), 1, "{what}: {done}");
        assert!(done.stdout.contains("certificate") && done.stdout.contains(told), "{what}: {done}");
        assert!(done.stdout.contains("name it by source.ca_file"), "{what}: {done}");
        assert!(done.stdout.contains("1 request\n"), "asked once: {what}: {done}");
    }
}

#[test]
fn a_file_without_certificates_is_refused_before_anything_is_asked() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let done = sync(1, Some(pem));
        assert_eq!(done.code(), 1, "{done}");
        assert!(done.stderr.contains("ca_file"), "{done}");
    }
    let done = Highwater::against("https://127.0.0.1:1/").sync(&["--ca-file", "absent.pem"]);
    assert!(done.stderr.contains("absent.pem"), "{done}");
}

#[test]
fn no_setting_turns_verification_off() {
    let names: Vec<String> = KEYS.iter().map(|key| key.path()).collect();
    assert!(!names.iter().any(|name| name.contains("insecure") || name.contains("verify")), "{names:?}");
    let transport = include_str!("../src/source/transport.rs");
    assert!(!transport.contains("danger"), "what turns it off has that in its name, in reqwest as in rustls");
}
