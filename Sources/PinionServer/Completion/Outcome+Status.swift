import TextGeneration

extension Outcome.End {
    /// The status of a reply that ends so before its head was sent.
    var status: Int {
        switch self {
        case .completed: 200
        case .cancelled, .disconnected: 499
        case .stopped: 503
        case .failed(let code):
            switch code {
            case .interrupted, .internal, .model: 500
            case .overloaded, .unavailable: 503
            case .limited: 429
            case .unread: 408
            case .promptTooLong, .invalidParameter, .unsupportedParameter, .template, .noTemplate, .nothingAllowed: 400
            }
        }
    }
}
