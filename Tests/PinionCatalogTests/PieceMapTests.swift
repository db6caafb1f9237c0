import Foundation
import PinionCatalog
import Testing

@Suite("Pieces of a download")
struct PieceMapTests {
    private static let piece = PieceMap.pieceSize
    let root: TemporaryDirectory

    init() throws {
        root = try TemporaryDirectory()
    }

    @Test("Connections take all pieces once, and the last one is as long as the file")
    func taking() throws {
        let size = 10 * Self.piece + 7
        let map = try map(size)
        var taken: [Int] = []
        while let run = map.take(connections: 2) {
            taken += run
            #expect(map.bytes(of: run).upperBound <= size)
        }
        #expect(taken == Array(0...10))
        #expect(map.bytes(of: 10..<11).count == 7)
    }

    @Test("What was given back is taken again, what had arrived is not")
    func givingBack() throws {
        let map = try map(4 * Self.piece)
        let run = try #require(map.take(connections: 1))
        map.finish(run.lowerBound)
        map.giveBack(run)
        #expect(map.take(connections: 1)?.lowerBound == run.lowerBound + 1)
    }

    @Test("Another process goes on where the first was, but only with the same file")
    func resuming() throws {
        do {
            let first = try map(4 * Self.piece)
            _ = first.take(connections: 1)
            first.finish(0)
            first.finish(2)
        }
        #expect(try map(4 * Self.piece).doneBytes == 2 * Self.piece)
        #expect(try map(4 * Self.piece, identity: "other").doneBytes == 0)
        #expect(try map(4 * Self.piece).doneBytes == 0)
    }

    @Test("A map that is damaged or of another length is begun anew")
    func damaged() throws {
        try map(4 * Self.piece).finish(1)
        let path = root.path + "/map"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for bytes in [whole.dropLast(), whole + [0x32], Data(), Data("nonsense".utf8)] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try map(4 * Self.piece).doneBytes == 0)
            try whole.write(to: URL(fileURLWithPath: path))
            #expect(try map(4 * Self.piece).doneBytes == Self.piece)
        }
    }

    @Test("Forgetting holds for the next process too")
    func reset() throws {
        do {
            let map = try map(2 * Self.piece)
            map.finish(0)
            map.reset()
            #expect(map.doneBytes == 0)
        }
        #expect(try map(2 * Self.piece).doneBytes == 0)
    }

    private func map(_ size: Int, identity: String = "file") throws -> PieceMap {
        try PieceMap(path: root.path + "/map", identity: identity, size: size)
    }
}
