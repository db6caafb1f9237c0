/// The bytes of a ledger's row, in the journal and in the slots of running requests.
///
/// Little-endian: a version, the whole numbers as 8 bytes each, then the texts with a length of 2 bytes. Not JSON: a row is
/// written while its client waits, and has a bound that room can be kept for.
enum RowCoder {
    private static let version: UInt8 = 1
    private static let numberCount = 16
    private static let nameCount = 5

    /// Bytes of the longest row: the version, the outcome, the numbers, and the texts with their lengths.
    static let maximumLength =
        2 + numberCount * 8 + nameCount * (2 + UsageRow.maximumNameBytes) + (2 + UsageRow.maximumUserBytes)
        + (2 + UsageRow.maximumMetadataBytes)

    static func encode(_ row: UsageRow) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append(version)
        bytes.append(UInt8(row.outcome.code))
        for number in numbers(of: row) {
            withUnsafeBytes(of: Int64(number).littleEndian) { bytes.append(contentsOf: $0) }
        }
        for text in [row.requestID, row.key, row.owner, row.model, row.route, row.user, row.metadata] {
            append(text, to: &bytes)
        }
        return bytes
    }

    /// - Returns: nil for bytes that are no row of this version.
    static func decode(_ bytes: some Collection<UInt8>) -> UsageRow? {
        var reader = Reader(bytes: Array(bytes))
        guard reader.byte() == version, let code = reader.byte(), let outcome = UsageRow.Outcome(code: Int(code)) else {
            return nil
        }
        var numbers: [Int] = []
        for _ in 0..<numberCount {
            guard let number = reader.number() else { return nil }
            numbers.append(number)
        }
        var texts: [String] = []
        for _ in 0..<nameCount + 2 {
            guard let text = reader.text() else { return nil }
            texts.append(text)
        }
        guard reader.isAtEnd, numbers[3..<6].allSatisfy({ (0...Prices.maximum).contains($0) }) else { return nil }
        return UsageRow(
            requestID: texts[0], time: numbers[0], day: .init(day: numbers[1], month: numbers[2]), key: texts[1],
            owner: texts[2], model: texts[3], route: texts[4],
            prices: Prices(input: numbers[3], cachedInput: numbers[4], output: numbers[5]), user: texts[5],
            metadata: texts[6], retryCount: numbers[6],
            tokens: TokenCounts(
                input: numbers[7], cached: numbers[8], output: numbers[9], reasoning: numbers[10]),
            outcome: outcome, status: numbers[11], cost: numbers[12],
            queuedTime: numbers[13], firstTokenTime: numbers[14], runTime: numbers[15])
    }

    private static func numbers(of row: UsageRow) -> [Int] {
        [
            row.time, row.day.day, row.day.month, row.prices.input, row.prices.cachedInput, row.prices.output,
            row.retryCount, row.tokens.input, row.tokens.cached, row.tokens.output, row.tokens.reasoning, row.status,
            row.cost, row.queuedTime, row.firstTokenTime, row.runTime,
        ]
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt16(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        mutating func byte() -> UInt8? {
            guard at < bytes.count else { return nil }
            defer { at += 1 }
            return bytes[at]
        }

        mutating func number() -> Int? {
            guard at + 8 <= bytes.count else { return nil }
            defer { at += 8 }
            return Int(Int64(bitPattern: Bytes.integer(bytes[at..<at + 8])))
        }

        mutating func text() -> String? {
            guard at + 2 <= bytes.count else { return nil }
            let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8
            at += 2
            guard at + length <= bytes.count else { return nil }
            defer { at += length }
            return String(validating: bytes[at..<at + length], as: UTF8.self)
        }
    }
}

/// Numbers as little-endian bytes.
enum Bytes {
    static func integer<T: FixedWidthInteger & UnsignedInteger>(_ bytes: some Collection<UInt8>) -> T {
        bytes.reversed().reduce(0) { $0 << 8 | T($1) }
    }

    static func of(_ integer: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: integer.littleEndian) { Array($0) }
    }
}

/// CRC-32 with the polynomial of IEEE 802.3, reflected, as zlib computes it.
enum Checksum {
    static func of(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
        ~bytes.reduce(~seed) { sum, byte in table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
}
