/// The bytes of a `text/event-stream` reply.
///
/// Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
package enum ServerSentEvents {
    package static let contentType = "text/event-stream"

    /// A comment that keeps the connection open while nothing is produced.
    package static let ping = Array(": ping\n\n".utf8)

    /// The end of a stream that went well.
    package static let done = Array("data: [DONE]\n\n".utf8)

    /// One event.
    ///
    /// - Parameter json: a JSON text on one line, as everything in this module writes it.
    package static func event(_ json: [UInt8]) -> [UInt8] {
        var bytes = Array("data: ".utf8)
        bytes.reserveCapacity(bytes.count + json.count + 2)
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: "\n\n".utf8)
        return bytes
    }

    /// The event that ends a stream that failed after its first byte; no ``done`` follows it.
    package static func error(_ error: APIError) -> [UInt8] {
        event(error.body)
    }
}
