//! Makes requests of texts, in any spelling, and says what came back. It must not know which
//! requests are allowed.

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;

/// What every job of the tests' vault may ask for.
pub(crate) const LIST: &str = "https://kv-one.vault.azure.net/certificates?api-version=7.6";

/// Where the tests' jobs get their tokens.
pub(crate) const TOKEN: &str =
    "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";

/// The type of a token request's body.
pub(crate) const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");

/// A token request as the job's rules want it.
pub(crate) const TOKEN_FORM: &str = "grant_type=client_credentials&client_id=33333333-3333-4333-8333-333333333333&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_secret=x";

/// A request as texts.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    pub(crate) body: &'a [u8],
}

/// A GET of a URL.
pub(crate) fn get(url: &str) -> String {
    Ask::new(Method::Get, url).send()
}

impl<'a> Ask<'a> {
    /// A request without headers or a body.
    pub(crate) fn new(method: Method, url: &'a str) -> Self {
        Self {
            method,
            url,
            headers: &[],
            body: &[],
        }
    }

    /// A POST of a form.
    pub(crate) fn form(url: &'a str, form: &'a str) -> Self {
        Self {
            method: Method::Post,
            url,
            headers: &[FORM],
            body: form.as_bytes(),
        }
    }

    pub(crate) fn with_headers(self, headers: &'a [(&'a str, &'a [u8])]) -> Self {
        Self { headers, ..self }
    }

    /// Sends it, waits, and says what came back.
    pub(crate) fn send(&self) -> String {
        match self.begin(None) {
            Ok(answer) => answered(&answer),
            Err(text) => text,
        }
    }

    /// Sends it, and does not wait.
    pub(crate) fn begin(
        &self,
        options: Option<RequestOptions>,
    ) -> Result<FutureIncomingResponse, String> {
        let request = self.request()?;
        let body = request
            .body()
            .map_err(|()| "refused: the body".to_owned())?;
        let answer =
            outgoing_handler::handle(request, options).map_err(|error| format!("{error:?}"))?;
        if !self.body.is_empty() {
            write(&body, self.body);
        }
        if let Err(error) = OutgoingBody::finish(body, None) {
            return Err(format!("{error:?}"));
        }
        Ok(answer)
    }

    /// The request, not yet sent, or which part of it was refused.
    pub(crate) fn request(&self) -> Result<OutgoingRequest, String> {
        let fields = Fields::new();
        for (name, value) in self.headers {
            fields
                .append(name, value)
                .map_err(|error| format!("refused: the header {name}: {error:?}"))?;
        }
        let request = OutgoingRequest::new(fields);
        let (scheme, rest) = match self.url.split_once("://") {
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(("https", rest)) => (Scheme::Https, rest),
            Some((other, rest)) => (Scheme::Other(other.to_owned()), rest),
            None => return Err("no URL".to_owned()),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(end) => rest.split_at(end),
            None => (rest, "/"),
        };
        let authority = Some(authority).filter(|authority| !authority.is_empty());
        request
            .set_method(&self.method)
            .map_err(|()| "refused: the method")?;
        request
            .set_scheme(Some(&scheme))
            .map_err(|()| "refused: the scheme")?;
        request
            .set_authority(authority)
            .map_err(|()| "refused: the host")?;
        request
            .set_path_with_query(Some(path))
            .map_err(|()| "refused: the path")?;
        Ok(request)
    }
}

/// Writes as much as is taken, without waiting for what never is.
pub(crate) fn write(body: &OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    for piece in bytes.chunks(4096) {
        if let Err(StreamError::Closed | StreamError::LastOperationFailed(_)) =
            stream.blocking_write_and_flush(piece)
        {
            break;
        }
    }
}

/// Sends it, and gives the whole body of its answer.
pub(crate) fn body_of(ask: &Ask<'_>) -> String {
    let answer = ask.begin(None).expect("it is sent");
    answer.subscribe().block();
    let Some(Ok(Ok(response))) = answer.get() else {
        panic!("no answer");
    };
    let body = response.consume().expect("the first call gives the body");
    let stream = body.stream().expect("the first call gives the stream");
    let mut bytes = Vec::new();
    while let Ok(piece) = stream.blocking_read(64 << 10) {
        bytes.extend(piece);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for an answer and says what it is.
pub(crate) fn answered(answer: &FutureIncomingResponse) -> String {
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Ok(response))) => format!("status {}", response.status()),
        Some(Ok(Err(error))) => format!("{error:?}"),
        _ => "no answer".to_owned(),
    }
}
