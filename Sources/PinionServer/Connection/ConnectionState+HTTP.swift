import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

extension ConnectionState.Input {
    init(_ part: HTTPRequestPart) {
        switch part {
        case .head(let head):
            self = .head(
                closes: head.headerFields[.connection]?.matchesWord("close") ?? false,
                expectsContinue: head.headerFields[.expect]?.matchesWord("100-continue") ?? false)
        case .body(let bytes): self = .body(bytes: bytes.readableBytes)
        case .end: self = .end
        }
    }
}

extension ConnectionState.Failure {
    init(_ error: any Error) {
        switch error {
        case is IOError: self = .broken
        case HTTPParserError.headerOverflow: self = .headerTooLarge
        case ByteToMessageDecoderError.dataReceivedInErrorState(_, let bytes):
            self = .bytesAfterFailure(bytes: bytes.readableBytes)
        default: self = .notHTTP
        }
    }
}

extension HTTPRequestPart {
    /// The part, a head without a `Connection` field that is not ASCII and therefore means nothing.
    ///
    /// Hummingbird compares the field with `==`, which takes quadratic time for such a value.
    var withoutHostileConnection: HTTPRequestPart {
        guard case .head(var head) = self, let value = head.headerFields[.connection],
            !value.utf8.allSatisfy({ $0 < 0x80 })
        else { return self }
        head.headerFields[.connection] = nil
        return .head(head)
    }
}
