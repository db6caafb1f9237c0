import PinionModels
import Testing

@Suite("The tokens of a step")
struct StepBatchTests {
    @Test("Spans hold at most 16 tokens and never join sequences")
    func spans() {
        var batch = StepBatch()
        batch.append(Array(0..<40), start: 3, table: [5, 6, 7], wantsOutput: false)
        batch.append([1], start: 0, table: [1], wantsOutput: true)
        batch.append([2], start: 9, table: [2], wantsOutput: true)
        #expect(batch.spans.map(\.token) == [0, 16, 32, 40, 41])
        #expect(batch.spans.map(\.row) == [0, 16, 32, 40, 41])
        #expect(batch.spans.map(\.count) == [16, 16, 8, 1, 1])
        #expect(batch.outputs == [40, 41])
        #expect(batch.tableStarts[0] == 0 && batch.tableStarts[40] == 3 && batch.tableStarts[41] == 4)
    }

    @Test("Drafts continue the positions of the sequence added last, and all their logits are wanted")
    func drafts() {
        var batch = StepBatch()
        batch.append([9], start: 4, table: [1], wantsOutput: true)
        batch.append([7, 8], start: 30, table: [2, 3, 4], wantsOutput: true)
        batch.extend([5, 6, 5])
        #expect(batch.positions == [4, 30, 31, 32, 33, 34])
        #expect(batch.tableStarts == [0, 1, 1, 1, 1, 1])
        #expect(batch.outputs == [0, 2, 3, 4, 5])
        #expect(batch.spans.map(\.count) == [1, 5])
    }

    @Test("Wanted tokens that follow each other in one sequence form a span, over their own rows")
    func outputSpans() {
        var batch = StepBatch()
        batch.append(Array(0..<20), start: 0, table: [0, 1, 2], wantsOutput: true)
        batch.extend(Array(0..<15))
        batch.append([3], start: 8, table: [3], wantsOutput: true)
        #expect(batch.outputSpans.map(\.token) == [19, 35])
        #expect(batch.outputSpans.map(\.row) == [0, 16])
        #expect(batch.outputSpans.map(\.count) == [16, 1])
        batch.removeAll()
        #expect(batch.outputSpans.isEmpty && batch.spans.isEmpty)
    }
}
