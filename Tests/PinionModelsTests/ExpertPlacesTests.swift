import PinionModels
import PinionTensor
import TestSupport
import Testing

@Suite("Rows of tokens grouped by expert")
struct ExpertPlacesTests {
    /// Groups the choices of tokens and checks every promise about their rows.
    private static func check(_ choices: [[Int32]], experts count: Int) throws {
        let (tokens, chosen) = (choices.count, choices.first?.count ?? 1)
        let places = try ExpertPlaces(tokens: tokens, experts: count, chosen: chosen)
        for (index, expert) in choices.joined().enumerated() { places.experts[index] = expert }
        places.group(tokens: tokens)
        let tile = ActivationRows.tileTokens
        var used: Set<Int> = []
        for (expert, rows) in places.chosenExperts {
            #expect(rows.lowerBound % tile == 0 && !rows.isEmpty)
            // Tokens ascend within an expert, and all of them chose it.
            let inside = rows.map { Int(places.tokenOfRow[$0]) }
            #expect(inside == inside.sorted())
            #expect(inside.allSatisfy { choices[$0].contains(Int32(expert)) })
            let tiles = rows.lowerBound / tile...(rows.upperBound - 1) / tile
            #expect(tiles.allSatisfy { Int(places.expertOfTile[$0]) == expert })
            #expect(rows.allSatisfy { used.insert($0).inserted }, "a row belongs to one expert")
        }
        #expect(places.chosenExperts.map(\.expert) == Set(choices.joined().map(Int.init)).sorted())
        for (token, experts) in choices.enumerated() {
            for (rank, expert) in experts.enumerated() {
                let row = Int(places.rowOfChoice[token * chosen + rank])
                #expect(Int(places.tokenOfRow[row]) == token)
                let rows = places.chosenExperts.first { $0.expert == Int(expert) }?.rows
                #expect(rows?.contains(row) == true, "token \(token), expert \(expert)")
            }
        }
        #expect(used.count == tokens * chosen)
        let inTiles = (0..<places.tiles).flatMap { $0 * tile..<$0 * tile + Int(places.rowsOfTile[$0]) }
        #expect(Set(inTiles) == used)
        #expect(places.tiles * tile <= ExpertPlaces.rows(tokens: tokens, experts: count, chosen: chosen))
    }

    @Test("One expert chosen by all, others by none")
    func extremes() throws {
        try Self.check(Array(repeating: [3], count: 17), experts: 8)
        try Self.check(Array(repeating: [7, 0], count: 9), experts: 8)
        try Self.check([[0]], experts: 1)
        try Self.check((0..<8).map { [$0] }, experts: 8)
    }

    @Test("Random choices, and a second step in the same buffers")
    func random() throws {
        var random = SeededGenerator(seed: 91)
        for _ in 0..<100 {
            let count = Int.random(in: 1...20, using: &random)
            let chosen = Int.random(in: 1...count, using: &random)
            let tokens = Int.random(in: 1...70, using: &random)
            let choices = (0..<tokens).map { _ in
                Array((0..<Int32(count)).shuffled(using: &random).prefix(chosen))
            }
            try Self.check(choices, experts: count)
        }
    }

    @Test("A smaller step after a larger one has no row of it")
    func again() throws {
        let places = try ExpertPlaces(tokens: 20, experts: 4, chosen: 1)
        for token in 0..<20 { places.experts[token] = Int32(token % 4) }
        places.group(tokens: 20)
        #expect(places.chosenExperts.count == 4)
        places.experts[0] = 2
        places.group(tokens: 1)
        #expect(places.chosenExperts.map(\.expert) == [2])
        #expect(places.tiles == 1 && places.rowsOfTile[0] == 1)
    }
}
