/// Byte strings by number, stored one after the other.
///
/// A vocabulary has hundreds of thousands of texts; an array of arrays would cost an allocation for each. Texts are bytes
/// and never `String`: Swift's equality joins texts that are canonically equal, and vocabularies hold hundreds of those.
package struct ByteStrings: Sendable, Equatable {
    /// All strings, joined.
    private(set) var bytes: [UInt8] = []
    /// Where each string begins in ``bytes``; one more entry than strings.
    private(set) var offsets: [Int] = [0]

    package init() {}

    package init(_ strings: some Sequence<[UInt8]>) {
        for string in strings { append(string) }
    }

    package var count: Int { offsets.count - 1 }

    package mutating func reserve(count: Int, bytes byteCount: Int) {
        offsets.reserveCapacity(count + 1)
        bytes.reserveCapacity(byteCount)
    }

    package mutating func append(_ string: some Sequence<UInt8>) {
        bytes.append(contentsOf: string)
        offsets.append(bytes.count)
    }

    func range(of index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }

    package subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

    /// Calls `body` with a string's bytes, without copying them.
    func withBytes<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range(of: index)])) }
    }

    /// A string as a message may show it.
    func shown(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}
