import AsyncHTTPClient
import Foundation
import NIOCore

/// Brings one file, over several connections if it is large, and goes on where an earlier try was interrupted.
///
/// The file grows as `NAME.part` beside `NAME.part.map`, and takes its name once it was found to be the right one.
struct FileDownload: Sendable {
    /// Connections to a large file: what fills a line whose single connections are throttled.
    static let connections = 4
    /// Bytes from which a file has several connections.
    static let largeSize = 16 << 20
    /// Tries in a row that bring nothing before the download is given up.
    static let maximumTries = 5
    /// The pause after the first failure; it doubles with each further one.
    static let firstPause = Duration.milliseconds(500)

    /// Bytes a second, on average of one reply, below which a server is as good as silent; counted after some time.
    static let leastRate = 1024.0
    static let rateDelay = Duration.seconds(60)

    let hub: any ModelHub
    let file: RemoteFile
    let revision: String
    /// Where the file will be.
    let path: String
    /// Told the bytes that came.
    let progress: @Sendable (Int) -> Void
    /// Told why something is tried again.
    let notice: @Sendable (String) -> Void

    private var part: String { path + ".part" }
    private var mapPath: String { path + ".part.map" }
    private var identity: String {
        "1 \(revision) \(file.size) \(file.hash.map { "\($0.kind) \($0.digits)" } ?? "-")"
    }

    /// Bytes that an earlier try has left.
    func bytesHere() -> Int {
        guard FileManager.default.fileExists(atPath: part),
            let map = try? PieceMap(path: mapPath, identity: identity, size: file.size)
        else { return 0 }
        return map.doneBytes
    }

    /// - Returns: The hash of what arrived, also where the source stated none.
    func run() async throws(CatalogError) -> FileHash {
        let hash = try await fetch()
        try DataDirectory.flush(part)
        guard rename(part, path) == 0 else {
            throw CatalogError.unwritable("put the file into place at", path, errno: errno)
        }
        unlink(mapPath)
        return hash
    }

    private func fetch() async throws(CatalogError) -> FileHash {
        // Marks without their file would claim what is gone.
        if !FileManager.default.fileExists(atPath: part) { unlink(mapPath) }
        let output = try PartFile(path: part, size: file.size)
        let map = try PieceMap(path: mapPath, identity: identity, size: file.size)
        progress(map.doneBytes)
        do {
            try await receiveAll(map, output, connections: file.size < Self.largeSize ? 1 : Self.connections)
        } catch TransferFault.rangesIgnored {
            notice("\(HubEndpoint.origin(of: hub.connection.endpoint.url)) sends files only as a whole")
            progress(-map.doneBytes)
            map.reset()
            do {
                try await work(map, output, connections: nil)
            } catch {
                throw error.error
            }
        } catch let fault as TransferFault {
            throw fault.error
        } catch {
            throw CatalogError(.cancelled, "interrupted while fetching '\(file.name)'")
        }
        return try check()
    }

    /// - Throws: ``TransferFault``, or `CancellationError`.
    private func receiveAll(_ map: PieceMap, _ output: PartFile, connections: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<connections {
                group.addTask { try await work(map, output, connections: connections) }
            }
            try await group.waitForAll()
        }
    }

    private func check() throws(CatalogError) -> FileHash {
        let expected = file.hash ?? .sha256("")
        let found = try expected.found(inFile: part, size: file.size)
        guard file.hash == nil || found == expected else {
            unlink(part)
            unlink(mapPath)
            throw CatalogError(
                .digestMismatch,
                "\(hub.connection.source): '\(file.name)' is not what the hub announces: expected \(expected.kind) "
                    + "\(expected.digits), found \(found.digits); it was discarded, and another try begins anew")
        }
        return found
    }

    /// One connection: takes pieces until none is missing.
    ///
    /// - Parameter connections: How many share the file; nil fetches it as a whole, without ranges.
    private func work(_ map: PieceMap, _ output: PartFile, connections: Int?) async throws(TransferFault) {
        var failures = 0
        while let run = connections.map({ map.take(connections: $0) }) ?? map.takeAll() {
            let before = map.doneBytes
            do {
                try await receive(run, map, output, isWhole: connections == nil)
                failures = 0
            } catch {
                guard case .passing(let cause, let wait) = error else { throw error }
                failures = map.doneBytes > before && connections != nil ? 1 : failures + 1
                guard failures < Self.maximumTries else { throw error }
                if connections == nil {
                    progress(-map.doneBytes)
                    map.reset()
                } else {
                    map.giveBack(run)
                }
                notice("\(cause.message); trying again")
                try await Pause.after(failures, atLeast: wait, source: hub.connection.source)
            }
        }
    }

    private func receive(
        _ run: Range<Int>, _ map: PieceMap, _ output: PartFile, isWhole: Bool
    ) async throws(TransferFault) {
        let wanted = map.bytes(of: run)
        let url = hub.url(of: file, at: revision)
        let reply = try await hub.connection.get(url, range: isWhole ? nil : wanted)
        try checkLength(of: reply, wanted)
        var position = wanted.lowerBound
        var piece = run.lowerBound
        let start = ContinuousClock.now
        do {
            for try await buffer in reply.body {
                let elapsed = ContinuousClock.now - start
                guard
                    elapsed < Self.rateDelay
                        || Double(position - wanted.lowerBound) >= elapsed / .seconds(1) * Self.leastRate
                else {
                    throw TransferFault.passing(
                        CatalogError(
                            .downloadFailed,
                            "\(hub.connection.source): '\(file.name)' comes with less than \(Int(Self.leastRate)) bytes a "
                                + "second"), after: nil)
                }
                guard buffer.readableBytes <= wanted.upperBound - position else {
                    throw CatalogError(
                        .unexpectedReply,
                        "\(hub.connection.source): '\(file.name)' is longer than the \(file.size) bytes that the hub "
                            + "announces")
                }
                try output.write(buffer.readableBytesView, at: position)
                position += buffer.readableBytes
                while piece < run.upperBound, position >= map.bytes(of: piece..<piece + 1).upperBound {
                    map.finish(piece)
                    progress(map.bytes(of: piece..<piece + 1).count)
                    piece += 1
                }
            }
        } catch let error as CatalogError {
            throw .final(error)
        } catch {
            throw hub.connection.fault(error, at: url)
        }
        guard position == wanted.upperBound else {
            throw .passing(
                CatalogError(
                    .downloadFailed,
                    "\(hub.connection.source): '\(file.name)' ended at byte \(position) of \(file.size)"),
                after: nil)
        }
    }

    /// Compares what the server is about to send with what the hub announced, before any of it is written.
    private func checkLength(of reply: HubConnection.Reply, _ wanted: Range<Int>) throws(TransferFault) {
        let range = ContentRange(reply.header("content-range"))
        let total = reply.isPartial ? range?.total : reply.header("content-length").flatMap { Int($0) }
        guard total == nil || total == file.size else {
            throw .final(
                CatalogError(
                    .unexpectedReply,
                    "\(hub.connection.source): the hub announces \(file.size) bytes of '\(file.name)', and the server has "
                        + "\(total ?? 0)"))
        }
        guard !reply.isPartial || range?.bytes == wanted else {
            throw .final(
                CatalogError(
                    .unexpectedReply,
                    "\(hub.connection.source): asked for bytes \(wanted.lowerBound) to \(wanted.upperBound - 1) of "
                        + "'\(file.name)', the server sends "
                        + FileWords.quoted(reply.header("content-range") ?? "others")))
        }
        guard reply.isPartial || wanted == 0..<file.size else { throw .rangesIgnored }
    }
}
