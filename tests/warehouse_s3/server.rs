//! An S3 server in this process: s3s speaks and checks the protocol, a map holds the objects, so
//! that keys are just strings, as they are at AWS.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use futures::{TryStreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

pub const BUCKET: &str = "lake";
pub const ACCESS_KEY: &str = "test-key";
pub const SECRET_KEY: &str = "test-secret";

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    /// Writing, deleting or copying a key that contains one of these is refused.
    denied: Vec<String>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let mut builder = S3ServiceBuilder::new(server.clone());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = auto::Builder::new(TokioExecutor::new());
                    // A client that hangs up is none of the test's business.
                    let _ = connection.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn put(&self, key: &str, size: usize) {
        self.state().objects.insert(key.to_string(), vec![b'x'; size]);
    }

    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    pub fn deny(&self, part_of_key: &str) {
        self.state().denied.push(part_of_key.to_string());
    }

    pub fn allow_all(&self) {
        self.state().denied.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(&self, bucket: &str, key: &str) -> S3Result<MutexGuard<'_, State>> {
        in_bucket(bucket)?;
        let state = self.state();
        match state.denied.iter().any(|part| key.contains(part)) {
            true => Err(s3_error!(AccessDenied)),
            false => Ok(state),
        }
    }
}

fn in_bucket(name: &str) -> S3Result<()> {
    match name {
        BUCKET => Ok(()),
        "forbidden" => Err(s3_error!(AccessDenied)),
        _ => Err(s3_error!(NoSuchBucket)),
    }
}

fn size(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap()
}

#[async_trait::async_trait]
impl S3 for Server {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let mut body = Vec::new();
        if let Some(mut stream) = input.body {
            while let Some(chunk) = stream.try_next().await.map_err(|_| s3_error!(InternalError))? {
                body.extend_from_slice(&chunk);
            }
        }
        let mut state = self.change(&input.bucket, &input.key)?;
        if input.if_none_match.is_some() && state.objects.contains_key(&input.key) {
            return Err(s3_error!(PreconditionFailed));
        }
        state.objects.insert(input.key, body);
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(ETag::Strong("tag".to_string())), ..Default::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        in_bucket(&request.input.bucket)?;
        let object = self.state().objects.get(request.input.key.as_str()).cloned();
        let object = object.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(size(&object)),
            last_modified: Some(SystemTime::now().into()),
            body: Some(StreamingBlob::wrap(stream::once(async { Ok::<_, std::io::Error>(object.into()) }))),
            ..Default::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        in_bucket(&request.input.bucket)?;
        let state = self.state();
        let object = state.objects.get(request.input.key.as_str());
        let object = object.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(size(object)),
            last_modified: Some(SystemTime::now().into()),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let after = input.continuation_token.unwrap_or_default();
        let most = usize::try_from(input.max_keys.unwrap_or(1000)).unwrap();
        let state = self.state();
        // Keys below a folder count as one, the folder, where a delimiter is given.
        let folder = |key: &str| {
            let delimiter = input.delimiter.as_deref()?;
            let end = key[prefix.len()..].find(delimiter)? + delimiter.len();
            Some(key[..prefix.len() + end].to_owned())
        };
        let listed = state.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
        let entries: BTreeMap<String, Option<i64>> = listed
            .map(|(key, object)| match folder(key) {
                Some(folder) => (folder, None),
                None => (key.clone(), Some(size(object))),
            })
            .collect();
        let mut found = entries.into_iter().filter(|(name, _)| after.is_empty() || *name > after);
        let page: Vec<(String, Option<i64>)> = found.by_ref().take(most).collect();
        let more = found.next().is_some();
        let (mut contents, mut folders) = (Vec::new(), Vec::new());
        for (name, size) in &page {
            match size {
                None => folders.push(CommonPrefix { prefix: Some(name.clone()) }),
                Some(_) => contents.push(Object {
                    key: Some(name.clone()),
                    size: *size,
                    last_modified: Some(SystemTime::now().into()),
                    ..Default::default()
                }),
            }
        }
        Ok(S3Response::new(ListObjectsV2Output {
            is_truncated: Some(more),
            next_continuation_token: page.last().filter(|_| more).map(|(name, _)| name.clone()),
            contents: Some(contents),
            common_prefixes: Some(folders),
            ..Default::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.change(&input.bucket, &input.key)?.objects.remove(input.key.as_str());
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        let mut deleted = Vec::new();
        let mut errors = Vec::new();
        for object in input.delete.objects {
            match self.change(&input.bucket, &object.key) {
                Ok(mut state) => {
                    state.objects.remove(object.key.as_str());
                    deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
                }
                Err(e) => errors.push(Error {
                    code: Some(e.code().as_str().to_string()),
                    key: Some(object.key),
                    message: Some("no".to_string()),
                    ..Default::default()
                }),
            }
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..Default::default() }))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        in_bucket(&bucket)?;
        let mut state = self.change(&input.bucket, &input.key)?;
        let object = state.objects.get(&*key).cloned();
        let object = object.ok_or_else(|| s3_error!(NoSuchKey))?;
        state.objects.insert(input.key, object);
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong("tag".to_string())),
                last_modified: Some(SystemTime::now().into()),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }
}
