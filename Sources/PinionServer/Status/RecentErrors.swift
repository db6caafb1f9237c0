package import PinionWire

/// The latest replies that told an error, the newest last; errors that are alike are counted as one.
///
/// It holds nothing of a request: the message of an error in a request quotes it, so that code and field alone are kept
/// of such an error.
package struct RecentErrors: Sendable {
    package static let maximumCount = 50
    /// Bytes of a message.
    package static let maximumMessage = 200
    /// Bytes of a field's path.
    private static let maximumField = 80

    package struct Entry: Sendable, Equatable {
        package let route: String
        package let status: Int
        package let code: String?
        /// The field at fault.
        package let field: String?
        package let message: String?
        /// How often it was told.
        package fileprivate(set) var count = 1
        /// Of the latest time: in milliseconds since 1970, and the request's id.
        package fileprivate(set) var time: Int
        package fileprivate(set) var requestID: String

        package init(_ error: APIError, route: String, requestID: String, time: Int) {
            self.route = route
            (status, code) = (error.status, error.code)
            field = error.param.flatMap(Self.plain)
            // 401 and 429 are told in words of our own, as are failures.
            let quotesRequest = error.type.utf8.elementsEqual("invalid_request_error".utf8) && error.status != 401
            message = quotesRequest ? nil : Self.beginning(of: error.message)
            self.time = time
            self.requestID = requestID
        }

        /// A path as our own fields have it; nil for one in which a client may have written anything.
        private static func plain(_ path: String) -> String? {
            let isPlain = path.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "["),
                    UInt8(ascii: "]"):
                    true
                default: false
                }
            }
            return isPlain && path.utf8.count <= maximumField ? path : nil
        }

        private static func beginning(of message: String) -> String {
            guard message.utf8.count > maximumMessage else { return message }
            return String(decoding: message.utf8.prefix(maximumMessage), as: UTF8.self) + "…"
        }

        fileprivate func isLike(_ other: Entry) -> Bool {
            func same(_ left: String?, _ right: String?) -> Bool {
                guard let left, let right else { return left == nil && right == nil }
                return left.utf8.elementsEqual(right.utf8)
            }
            return status == other.status && same(route, other.route) && same(code, other.code)
                && same(field, other.field) && same(message, other.message)
        }
    }

    /// The oldest first.
    package private(set) var entries: [Entry] = []

    package init() {}

    package mutating func add(_ entry: Entry) {
        var entry = entry
        if let index = entries.lastIndex(where: { $0.isLike(entry) }) {
            entry.count += entries.remove(at: index).count
        } else if entries.count == Self.maximumCount {
            entries.removeFirst()
        }
        entries.append(entry)
    }
}
