import PinionWire

extension ServerConfiguration {
    /// Takes JSON, whatever its parameters; where a key was asked for, also a body that does not say what it is.
    ///
    /// Without a key the type has to be said: a browser lets any page post a body that says nothing, and asks the server
    /// first before it posts JSON.
    func checkContentType(_ header: String?) throws(APIError) {
        guard let header, !header.isEmpty else {
            guard requiresAuthentication else { throw .missingContentType }
            return
        }
        let type = Substring(header.utf8.prefix { $0 != UInt8(ascii: ";") }.trimmingBlanks())
        let suffix = "+json"
        guard type.matchesWord(ReplyHeaders.json) || Substring(type.utf8.suffix(suffix.utf8.count)).matchesWord(suffix)
        else { throw .unsupportedContentType(header) }
    }
}
