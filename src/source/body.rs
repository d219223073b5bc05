//! An answer's body as it comes over the wire → its bytes, decompressed and within the limits.
//!
//! Decompression is done here, piece by piece, because only what sees both ends of it can tell a bomb from a page: 16 kB
//! of zstd can become 512 MB. Nothing is ever held beyond the limit, whatever the body was packed in.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use zstd::zstd_safe::DParameter;

use super::{Failure, Limits};
use crate::sanitize;

/// What may be sent; a transport asks for these, and an answer in anything else cannot be read.
pub(super) const ACCEPTED: &str = "gzip, br, zstd";

/// Up to this size a body may have been packed as tightly as it likes: a short page of equal rows is no bomb.
const SMALL: u64 = 1 << 20;

/// The largest window that zstd may ask for, as a power of two: what RFC 9659 allows for HTTP.
const ZSTD_WINDOW: u32 = 23;

/// The room that brotli works in.
const BROTLI_BUFFER: usize = 16 << 10;

/// A body that is being read.
pub(super) struct Body(Packing);

enum Packing {
    None(Sink),
    Gzip(MultiGzDecoder<Sink>),
    Brotli(Box<DecompressorWriter<Sink>>),
    Zstd(zstd::stream::write::Decoder<'static, Sink>),
}

impl Body {
    /// A body with these headers, of which nothing has come yet.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] if it is announced to be longer than the limit, [`Failure::BadBody`] if it is packed in a
    /// way that was not asked for.
    pub(super) fn begin(headers: &HeaderMap, limits: &Limits) -> Result<Self, Failure> {
        let mut body = Self::unannounced(headers, limits)?;
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        // What is packed may be longer on the wire than it is.
        if let (Some(length), Packing::None(sink)) = (length, &mut body.0) {
            if length > limits.body {
                return Err(Failure::TooLarge(sink.too_long()));
            }
            sink.bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
        }
        Ok(body)
    }

    /// The same, whatever length is announced: for a body of which only the beginning matters.
    ///
    /// # Errors
    /// As [`Body::begin`].
    pub(super) fn unannounced(headers: &HeaderMap, limits: &Limits) -> Result<Self, Failure> {
        let sink = Sink { bytes: Vec::new(), wire: 0, limit: limits.body, ratio: limits.ratio, excess: None };
        let named = headers.get(CONTENT_ENCODING).map_or(&b""[..], HeaderValue::as_bytes);
        Ok(Self(match named.trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Packing::None(sink),
            b"gzip" | b"x-gzip" => Packing::Gzip(MultiGzDecoder::new(sink)),
            b"br" => Packing::Brotli(Box::new(DecompressorWriter::new(sink, BROTLI_BUFFER))),
            b"zstd" => {
                let mut decoder =
                    zstd::stream::write::Decoder::new(sink).map_err(|error| unreadable(&error))?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW))
                    .map_err(|error| unreadable(&error))?;
                Packing::Zstd(decoder)
            }
            other => {
                let name = sanitize::quoted(&String::from_utf8_lossy(other));
                return Err(Failure::BadBody(format!(
                    "packed as {name}, of which only {ACCEPTED} can be read"
                )));
            }
        }))
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] if the body passes a limit with it, [`Failure::Cut`] if it cannot be unpacked.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.sink().wire += piece.len() as u64;
        let taken = match &mut self.0 {
            Packing::None(sink) => sink.write_all(piece),
            Packing::Gzip(decoder) => decoder.write_all(piece),
            Packing::Brotli(decoder) => decoder.write_all(piece),
            Packing::Zstd(decoder) => decoder.write_all(piece),
        };
        taken.map_err(|error| self.failure(&error))
    }

    /// The whole body, once nothing more comes.
    ///
    /// # Errors
    /// As [`Body::push`], and if the packing is not complete.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Failure> {
        let done = match &mut self.0 {
            Packing::None(_) => Ok(()),
            Packing::Gzip(decoder) => decoder.try_finish(),
            Packing::Brotli(decoder) => decoder.close(),
            Packing::Zstd(decoder) => decoder.do_finish(),
        };
        done.map_err(|error| self.failure(&error))?;
        Ok(self.so_far())
    }

    /// What has come so far; as much of it as the limit allows, where a failure has told that it was passed.
    pub(super) fn so_far(mut self) -> Vec<u8> {
        std::mem::take(&mut self.sink().bytes)
    }

    fn sink(&mut self) -> &mut Sink {
        match &mut self.0 {
            Packing::None(sink) => sink,
            Packing::Gzip(decoder) => decoder.get_mut(),
            Packing::Brotli(decoder) => decoder.get_mut(),
            Packing::Zstd(decoder) => decoder.get_mut(),
        }
    }

    /// Why the sink or the decoder in front of it would not go on.
    fn failure(&mut self, error: &io::Error) -> Failure {
        match self.sink().excess.take() {
            Some(excess) => Failure::TooLarge(excess),
            None => unreadable(error),
        }
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::Cut(format!("it cannot be unpacked ({})", sanitize::snippet(&error.to_string(), 100)))
}

/// Where the unpacked bytes go, up to the limits.
struct Sink {
    bytes: Vec<u8>,
    /// How many bytes came over the wire.
    wire: u64,
    limit: u64,
    ratio: u64,
    /// The limit that was passed, in words.
    excess: Option<String>,
}

impl Sink {
    fn too_long(&self) -> String {
        format!("the body is larger than {} bytes (source.max_body)", self.limit)
    }

    fn check(&self, size: u64) -> Option<String> {
        if size > self.limit {
            return Some(self.too_long());
        }
        (size > SMALL && size > self.ratio.saturating_mul(self.wire)).then(|| {
            let (wire, ratio) = (self.wire, self.ratio);
            format!(
                "the body unpacks to more than {ratio} times its {wire} bytes on the wire (source.max_ratio)"
            )
        })
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.excess = self.check((self.bytes.len() + piece.len()) as u64);
        if self.excess.is_some() {
            let room = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(&piece[..room.min(piece.len())]);
            return Err(io::Error::other("past the limit"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
