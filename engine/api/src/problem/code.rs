//! The kinds of problem an answer can report. The codes are part of the contract: callers branch
//! on them, so that one is added when a caller has to act differently, and none changes meaning.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// What kind of problem it is; the last part of its `type`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The name used in `type`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The status it is answered with.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            /// The same words for every occurrence.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }
    };
}

codes! {
    /// No token, or one that is refused.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid token is needed";
    /// A good token that does not reach this far.
    Forbidden = "forbidden", FORBIDDEN, "This token does not allow that";
    /// No such address.
    NoSuchRoute = "no-such-route", NOT_FOUND, "There is no such address";
    /// A good address of a thing that is not there.
    NotFound = "not-found", NOT_FOUND, "There is no such thing";
    /// A good address, but not for this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED,
        "This address does not take that method";
    /// Something in the path or the query that cannot be used.
    ParameterInvalid = "parameter-invalid", BAD_REQUEST, "A parameter cannot be used";
    /// The body is no JSON at all.
    BodyNotJson = "body-not-json", BAD_REQUEST, "The body is not JSON";
    /// The body ended before its announced length.
    BodyIncomplete = "body-incomplete", BAD_REQUEST, "The body did not arrive whole";
    /// The body took too long.
    BodyTooSlow = "body-too-slow", REQUEST_TIMEOUT, "The body took too long to arrive";
    /// The body is longer than this address takes.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is declared as something other than JSON.
    MediaTypeUnsupported = "media-type-unsupported", UNSUPPORTED_MEDIA_TYPE,
        "The body must be declared as JSON";
    /// The body is JSON, but not what this address takes; the faults say where.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "The content cannot be used";
    /// The id of a request that exists, with other content.
    IdTaken = "id-taken", CONFLICT, "The id belongs to another request";
    /// The integration sends nothing until its issue is mended.
    IntegrationStopped = "integration-stopped", CONFLICT, "The integration is stopped";
    /// The PSA was asked and refused.
    Refused = "refused", UNPROCESSABLE_ENTITY, "The PSA refused";
    /// The PSA was asked and gave no usable answer.
    PsaUnavailable = "psa-unavailable", BAD_GATEWAY, "The PSA did not answer";
    /// The PSA takes no more calls for a while.
    PsaBusy = "psa-busy", SERVICE_UNAVAILABLE, "The PSA takes no more calls for now";
    /// Calls on the same thing got in each other's way.
    Busy = "busy", SERVICE_UNAVAILABLE, "It is being changed by others";
    /// It could not be written down; nothing was taken in.
    NotKept = "not-kept", SERVICE_UNAVAILABLE, "It could not be kept";
    /// A callout to an address that is not, or no longer, in use.
    CalloutUnknown = "callout-unknown", NOT_FOUND, "There is no such callout address";
    /// A callout without the name and password set for it.
    CalloutUnauthenticated = "callout-unauthenticated", UNAUTHORIZED,
        "The callout's name or password is wrong";
    /// A callout that brings a request which cannot be read.
    CalloutMalformed = "callout-malformed", BAD_REQUEST, "The callout cannot be read";
    /// A callout that names no ticket.
    CalloutWithoutTicket = "callout-without-ticket", BAD_REQUEST, "The callout names no ticket";
}
