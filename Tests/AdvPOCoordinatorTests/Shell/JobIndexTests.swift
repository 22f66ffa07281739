import AdvPOCoordinator
import AdvPOModel
import Testing

@Suite struct JobIndexTests {
    @Test("pages of any size, in both directions, hold each job once and in order, while jobs come and go", arguments: 0..<20 as Range<UInt64>)
    func pages(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var index = JobIndex()
        var naive: Set<JobIndex.Position> = []
        for _ in 0..<300 {
            // Few distinct times, so that ids decide often.
            let position = JobIndex.Position(createdMillisecondsSince1970: Int64.random(in: 0..<20, using: &generator), job: JobID(using: &generator))
            index.insert(position)
            naive.insert(position)
            if Int.random(in: 0..<3, using: &generator) == 0, let gone = naive.min() {
                index.remove(gone)
                index.remove(gone)
                naive.remove(gone)
            }
        }
        for ascending in [true, false] {
            let expected = ascending ? naive.sorted() : naive.sorted(by: >)
            let size = Int.random(in: 1...40, using: &generator)
            var seen: [JobIndex.Position] = []
            var last: JobIndex.Position?
            while true {
                let (page, hasMore) = index.page(after: last, ascending: ascending, count: size)
                seen += page
                last = page.last
                #expect(page.count == size || !hasMore)
                if !hasMore { break }
            }
            #expect(seen == expected)
        }
    }

    @Test("a page goes on behind a job that is gone by now, and an empty index has one empty page")
    func afterGone() throws {
        var index = JobIndex()
        #expect(index.page(after: nil, ascending: false, count: 5).page.isEmpty)
        let positions = try (0..<5).map { JobIndex.Position(createdMillisecondsSince1970: $0, job: try #require(JobID("aaaaaaaaaaaa"))) }
        for position in positions { index.insert(position) }
        index.remove(positions[2])
        #expect(index.page(after: positions[2], ascending: true, count: 5).page == [positions[3], positions[4]])
        #expect(index.page(after: positions[2], ascending: false, count: 1).page == [positions[1]])
        #expect(index.page(after: positions[2], ascending: false, count: 1).hasMore)
    }
}
