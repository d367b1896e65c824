//! A real S3 server on loopback, over a folder.

use std::net::SocketAddr;

use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;

/// The keys that it takes.
const KEY: (&str, &str) = ("test-key-id", "test-secret-key");

/// The bucket that there is.
pub(crate) const BUCKET: &str = "prices";

/// The server. It ends with its runtime, when this is dropped.
pub(crate) struct S3 {
    folder: TempDir,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl S3 {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = service.build();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    // How a client leaves says nothing here.
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { folder, address, _runtime: runtime }
    }

    /// What a program needs to find it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", KEY.0.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.1.to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ]
    }

    /// An object, as it lies in the folder; none where there is none.
    pub(crate) fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.path().join(BUCKET).join(key)).ok()
    }
}
