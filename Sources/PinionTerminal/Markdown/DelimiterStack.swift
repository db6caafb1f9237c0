/// The delimiter runs of a paragraph, in their order, as CommonMark's algorithm for emphasis keeps them.
struct DelimiterStack {
    /// Two runs that belong together.
    struct Emphasis {
        /// The number of the opening run's piece in the reading's result.
        let opener: Int
        /// The number of the closing run's piece.
        let closer: Int
        /// Marks of either run that it takes.
        let length: Int
        let style: TextStyle
        /// The bytes from the beginning of the opening run to the end of the closing one.
        let span: Range<Int>
    }

    private var runs: [DelimiterRun] = []

    var count: Int { runs.count }

    /// Where the first run begins that may still open an emphasis; nil if there is none.
    var firstOpening: Int? { runs.first { $0.canOpen && $0.count > 0 }?.start }

    mutating func append(_ run: DelimiterRun) { runs.append(run) }

    mutating func removeAll(from first: Int) { runs.removeSubrange(first...) }

    /// Joins closing runs with the nearest opening ones before them, from a run on.
    mutating func join(from first: Int) -> [Emphasis] {
        var joined: [Emphasis] = []
        for closer in first..<runs.count where runs[closer].canClose {
            while runs[closer].count > 0,
                let opener = (first..<closer).last(where: { runs[$0].matches(runs[closer]) })
            {
                joined.append(join(opener, closer))
            }
        }
        return joined
    }

    private mutating func join(_ opener: Int, _ closer: Int) -> Emphasis {
        let isStruck = runs[opener].byte == UInt8(ascii: "~")
        let isStrong = runs[opener].count >= 2 && runs[closer].count >= 2
        let used = isStruck ? runs[opener].count : isStrong ? 2 : 1
        runs[opener].count -= used
        runs[closer].count -= used
        // What stands between them can no longer open or close anything.
        for index in opener + 1..<closer { runs[index].count = 0 }
        return Emphasis(
            opener: runs[opener].node, closer: runs[closer].node, length: used,
            style: isStruck ? .struck : isStrong ? .bold : .italic,
            span: runs[opener].start..<runs[closer].start + runs[closer].length)
    }
}
