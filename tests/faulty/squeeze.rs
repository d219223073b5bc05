//! Compressed bodies.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 19).unwrap()
}

/// Zstandard that asks its reader for a window of so many bytes, as a power of two.
pub fn zstd_with_window(body: &[u8], log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(log).unwrap();
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Brotli with one uncompressed meta-block: there is no need for a compressor to write it.
pub fn brotli(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let mut out = ((length - 1) << 4 | 1 << 20).to_le_bytes()[..3].to_vec();
    out.extend(body);
    out.push(3);
    out
}
