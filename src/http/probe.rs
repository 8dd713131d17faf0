//! Whether the Thrift port answers: fb303's `getStatus`, asked over the network like any client's. Where one has to log
//! in, it is enough that a login is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const TIMEOUT: Duration = Duration::from_secs(2);
/// Strict binary protocol: version 1 with type call, name, sequence id, empty arguments.
const CALL: &[u8] = b"\x80\x01\x00\x01\x00\x00\x00\x09getStatus\x00\x00\x00\x00\x00";
/// The same with type reply, and field 0: the i32 2, which is `ALIVE`.
const ALIVE: &[u8] = b"\x80\x01\x00\x02\x00\x00\x00\x09getStatus\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x02\x00";

/// A login by SASL in Thrift's form, of a mechanism that lets anybody in: nobody offers it.
const LOGIN: &[u8] = b"\x01\x00\x00\x00\x09ANONYMOUS";
/// The beginning of a refusal.
const REFUSED: &[u8] = b"\x03";

/// A client of the own Thrift port.
#[derive(Clone)]
pub struct Probe {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    call: &'static [u8],
    answer: &'static [u8],
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Probe {
    /// For the address that is served, and the certificate chain it is served with.
    pub fn new(served: SocketAddr, certificate: Option<&Path>) -> Result<Self, String> {
        let tls = certificate.map(|file| {
            let wrong = |error: &dyn std::fmt::Display| format!("tls_cert: {}: {error}", file.display());
            let certificate = CertificateDer::from_pem_file(file).map_err(|error| wrong(&error))?;
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| wrong(&error))?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Pinned { certificate, provider }))
                .with_no_client_auth();
            Ok::<_, String>(TlsConnector::from(Arc::new(config)))
        });
        Ok(Self { address: reachable(served), tls: tls.transpose()?, call: CALL, answer: ALIVE })
    }

    /// The same for a port that asks its callers to log in.
    pub fn expecting_login(self, login: bool) -> Self {
        if login { Self { call: LOGIN, answer: REFUSED, ..self } } else { self }
    }

    /// Ok when the port answered that it is alive; else what happened.
    pub async fn ask(&self) -> Result<(), String> {
        match tokio::time::timeout(TIMEOUT, self.exchange()).await {
            Ok(Ok(answer)) if answer == self.answer => Ok(()),
            Ok(Ok(_)) => Err("another answer than alive".into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        }
    }

    async fn exchange(&self) -> std::io::Result<Vec<u8>> {
        let stream = TcpStream::connect(self.address).await?;
        match &self.tls {
            None => self.exchange_over(stream).await,
            Some(tls) => {
                let name = ServerName::IpAddress(self.address.ip().into());
                self.exchange_over(tls.connect(name, stream).await?).await
            }
        }
    }

    async fn exchange_over(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<Vec<u8>> {
        stream.write_all(self.call).await?;
        stream.flush().await?;
        let mut answer = vec![0; self.answer.len()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
}

/// Where a server that listens on all addresses is reached from the same machine.
fn reachable(served: SocketAddr) -> SocketAddr {
    let ip = match served.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, served.port())
}

/// Trusts the own certificate and no other, whatever names it is made out to.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(TlsError::General("another certificate than the own is served".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection with the bytes, over TLS when there is a certificate.
    async fn answering(answer: &'static [u8], tls: Option<rustls::ServerConfig>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            match tls {
                None => answer_call(stream, answer).await,
                Some(config) => {
                    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer_call(stream, answer).await;
                    }
                }
            }
        });
        address
    }

    async fn answer_call(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) {
        let mut call = vec![0; CALL.len()];
        stream.read_exact(&mut call).await.unwrap();
        assert_eq!(call, CALL);
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn only_alive_counts() {
        let ask = async |answer| Probe::new(answering(answer, None).await, None).unwrap().ask().await;
        assert_eq!(ask(ALIVE).await, Ok(()));
        assert!(ask(b"HTTP/1.1 400 Bad Request, this is not Thrift\r\n").await.unwrap_err().contains("another answer"));
        assert!(ask(b"").await.is_err());
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(Probe::new(closed, None).unwrap().ask().await.unwrap_err().contains("refused"));
    }

    #[tokio::test]
    async fn over_tls_only_the_own_certificate_counts() {
        let make = || rcgen::generate_simple_self_signed(["catalog.example".to_owned()]).unwrap();
        let (own, other) = (make(), make());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), own.cert.pem()).unwrap();
        for (served, expected) in [(&own, true), (&other, false)] {
            let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(served.signing_key.serialize_pem().as_bytes());
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![served.cert.der().clone()], key.unwrap())
                .unwrap();
            let address = answering(ALIVE, Some(config)).await;
            let answer = Probe::new(address, Some(file.path())).unwrap().ask().await;
            assert_eq!(answer.is_ok(), expected, "{answer:?}");
        }
    }

    #[test]
    fn all_addresses_are_reached_by_loopback() {
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()), "127.0.0.1:1".parse().unwrap());
        assert_eq!(reachable("[::]:1".parse().unwrap()), "[::1]:1".parse().unwrap());
        assert_eq!(reachable("10.0.0.1:1".parse().unwrap()), "10.0.0.1:1".parse().unwrap());
    }
}
