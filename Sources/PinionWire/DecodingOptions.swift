/// What the decoders of bodies let through.
package struct DecodingOptions: Sendable {
    /// Ignores fields that nobody knows, instead of refusing the request.
    package var allowsUnknownFields: Bool

    package init(allowsUnknownFields: Bool = false) {
        self.allowsUnknownFields = allowsUnknownFields
    }
}
