/// A run of `*`, `_` or `~` that may open or close emphasis.
struct DelimiterRun {
    let byte: UInt8
    /// The number of its piece in the reading's result.
    let node: Int
    let start: Int
    let length: Int
    /// Marks that are not used yet.
    var count: Int
    let canOpen: Bool
    let canClose: Bool

    /// - Parameters:
    ///   - last: The scalar in front of the run.
    ///   - next: The scalar behind the run.
    init(byte: UInt8, node: Int, start: Int, length: Int, after last: Unicode.Scalar, before next: Unicode.Scalar) {
        (self.byte, self.node, self.start, self.length, count) = (byte, node, start, length, length)
        let leftFlanking = !next.isSpace && (!next.isPunctuation || last.isSpace || last.isPunctuation)
        let rightFlanking = !last.isSpace && (!last.isPunctuation || next.isSpace || next.isPunctuation)
        (canOpen, canClose) =
            switch byte {
            case UInt8(ascii: "_"):
                (
                    leftFlanking && (!rightFlanking || last.isPunctuation),
                    rightFlanking && (!leftFlanking || next.isPunctuation)
                )
            case UInt8(ascii: "~"): (leftFlanking && length <= 2, rightFlanking && length <= 2)
            default: (leftFlanking, rightFlanking)
            }
    }

    /// Whether the run opens an emphasis that `closing` ends.
    func matches(_ closing: DelimiterRun) -> Bool {
        guard byte == closing.byte, canOpen, count > 0 else { return false }
        if closing.byte == UInt8(ascii: "~") { return count == closing.count }
        // CommonMark's rule of three, which keeps `*a**b*` from being two emphases.
        let isOneSided = !(canClose || closing.canOpen)
        let sum = length + closing.length
        return isOneSided || sum % 3 != 0 || (length % 3 == 0 && closing.length % 3 == 0)
    }
}

extension Unicode.Scalar {
    fileprivate var isSpace: Bool { properties.isWhitespace }

    fileprivate var isPunctuation: Bool {
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation, .currencySymbol, .mathSymbol, .modifierSymbol, .otherSymbol:
            true
        default: false
        }
    }
}
