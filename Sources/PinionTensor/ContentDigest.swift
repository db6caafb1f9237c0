/// A 64-bit digest of a file's bytes, fast enough to take at every start.
///
/// It tells versions of a model apart in `system_fingerprint`; it is no defence against a forged file, which the
/// SHA-256 of a download is.
package enum ContentDigest {
    private static let chunkBytes = 1 << 20
    /// Chunks for which the workers are leased at a time: the steps of other models pass in between, however long a file
    /// takes to read.
    private static let leasedChunks = 64
    private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let factor: UInt64 = 0xD6E8_FEB8_6659_FD93

    /// Of several files in order; of a single one its own digest.
    package static func of(_ files: [MappedFile], team: WorkerTeam) -> UInt64 {
        let digests = files.map { of($0, team: team) }
        guard let first = digests.first else { return seed }
        return digests.dropFirst().reduce(first) { mix($0, $1) }
    }

    /// The same whatever the number of workers: chunks are digested apart and combined in order.
    package static func of(_ file: MappedFile, team: WorkerTeam) -> UInt64 {
        of(file.bytes, team: team) { file.forget($0) }
    }

    package static func of(
        _ bytes: UnsafeRawBufferPointer, team: WorkerTeam, done: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) -> UInt64 {
        let chunks = (bytes.count + chunkBytes - 1) / chunkBytes
        let digests = UnsafeMutablePointer<UInt64>.allocate(capacity: max(chunks, 1))
        defer { digests.deallocate() }
        for first in stride(from: 0, to: chunks, by: leasedChunks) {
            team.forEach(min(leasedChunks, chunks - first), grain: 4) { range in
                for chunk in range.lowerBound + first..<range.upperBound + first {
                    let start = chunk * chunkBytes
                    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + chunkBytes, bytes.count)])
                    digests[chunk] = digest(part)
                    done(part)
                }
            }
        }
        return (0..<chunks).reduce(mix(seed, UInt64(bytes.count))) { mix($0, digests[$1]) }
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        // Four chains, so that the multiplications overlap.
        var (a, b, c, d) = (seed, seed &+ 1, seed &+ 2, seed &+ 3)
        var offset = 0
        while offset + 32 <= bytes.count {
            a = mix(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            b = mix(b, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            c = mix(c, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            d = mix(d, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
            offset += 32
        }
        for byte in bytes[offset...] { a = mix(a, UInt64(byte)) }
        return mix(mix(a, b), mix(c, d))
    }

    private static func mix(_ state: UInt64, _ value: UInt64) -> UInt64 {
        let (high, low) = (state ^ value).multipliedFullWidth(by: factor)
        return (high ^ low) &+ seed
    }
}
