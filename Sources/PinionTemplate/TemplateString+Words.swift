extension TemplateString {
    /// The pieces between runs of white space, as Python's `split` without a separator makes them: white space at both
    /// ends is dropped.
    ///
    /// - Parameters:
    ///   - limit: Splits at most; what is left is one piece.
    ///   - fromEnd: Whether splits count from the end.
    func words(limit: Int, fromEnd: Bool) -> [TemplateString] {
        var pieces: [TemplateString] = []
        if fromEnd {
            var end = scalars.count
            while true {
                while end > 0, scalars[end - 1].isPythonSpace { end -= 1 }
                if end == 0 { break }
                var start = end
                if pieces.count >= limit { start = 0 }
                while start > 0, !scalars[start - 1].isPythonSpace { start -= 1 }
                pieces.append(slice(start..<end))
                end = start
            }
            return pieces.reversed()
        }
        var start = 0
        while true {
            while start < scalars.count, scalars[start].isPythonSpace { start += 1 }
            if start == scalars.count { break }
            var end = start
            if pieces.count >= limit { end = scalars.count }
            while end < scalars.count, !scalars[end].isPythonSpace { end += 1 }
            pieces.append(slice(start..<end))
            start = end
        }
        return pieces
    }
}
