//! Tables as answers, saved by a browser under a name.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::sheet::Sheet;

/// A table under the name that it is saved as.
pub(crate) struct Csv {
    pub(crate) name: &'static str,
    pub(crate) sheet: Sheet,
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}\"", self.name),
            ),
        ];
        (headers, self.sheet.into_text()).into_response()
    }
}
