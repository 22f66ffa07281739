import AdvPOModel
import Testing

@Suite struct TaggedTemplatePropertyTests {
    private static let pieces = [
        "<advpo:optimize>", "</advpo:optimize>", "<advpo:exclude>", "</advpo:exclude>", "text ", "{{name}}", "{\"a\": {\"b\": 1}}", "<advpo:", "</advpo:optimise>", "\n", "é", "<", "",
    ]

    @Test("random mixtures of tags and text are read or refused, and what is read loses nothing but the tags", arguments: 0..<300 as Range<UInt64>)
    func randomMixtures(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let source = (0..<Int.random(in: 1...9, using: &generator)).map { _ in Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)] }.joined()
        do {
            let template = try TaggedTemplate(source)
            var expected = source
            for tag in Self.pieces.prefix(4) { expected = expected.split(separator: tag, omittingEmptySubsequences: false).joined() }
            #expect(template.text == expected)
            let placeholders = template.regions.flatMap { PlaceholderText($0.text).segments }.filter { if case .placeholder = $0 { true } else { false } }
            #expect(placeholders.count == PlaceholderText(template.text).segments.count { if case .placeholder = $0 { true } else { false } })
        } catch {
            #expect(!error.faults.isEmpty)
            #expect(error.faults.map { [$0.line, $0.column] } == error.faults.map { [$0.line, $0.column] }.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test("very many faults are cut short") func manyFaults() {
        let error = #expect(throws: TaggedTemplateFaults.self) { try TaggedTemplate(String(repeating: "<advpo:optimize>", count: 2_000)) }
        #expect(error?.faults.count == 50)
    }
}
