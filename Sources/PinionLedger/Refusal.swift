/// Why a request is not admitted. Nothing was taken for it: what a scope had reserved went back.
package struct Refusal: Error, Sendable, Equatable {
    /// The raw value is the reason's name in metrics.
    package enum Reason: String, Sendable {
        /// The key may not use the model.
        case model
        /// More requests than the rate allows.
        case requestRate = "request_rate"
        /// More tokens than the rate allows at this moment.
        case tokenRate = "token_rate"
        /// More tokens than a minute's whole rate.
        case tooLarge = "too_large"
        /// As many requests run as may run at one time.
        case concurrency
        /// The budget has no room for the request, whatever becomes of the requests that run.
        case budget
        /// The budget has room only for the requests that run; some of it may come back.
        case reserved
        /// The ledger can take no more rows at the moment.
        case ledger
    }

    package var reason: Reason
    /// Whose limit it is; nil where no limit refused.
    package var scope: Scope?
    package var limit: Limit?
    /// The limit's value.
    package var value: Int?
    /// What the request needs of it.
    package var needed: Int?
    /// What there is of it.
    package var left: Int?
    /// Time after which the request would be admitted, as far as that is known.
    package var retryAfter: Duration?

    package init(
        _ reason: Reason, scope: Scope? = nil, limit: Limit? = nil, value: Int? = nil, needed: Int? = nil,
        left: Int? = nil, retryAfter: Duration? = nil
    ) {
        (self.reason, self.scope, self.limit, self.value) = (reason, scope, limit, value)
        (self.needed, self.left, self.retryAfter) = (needed, left, retryAfter)
    }
}
