import AdvPOModel
import OrderedCollections
import Testing
@testable import AdvPOOptimizer

@Suite struct SplitsTests {
    private func counts(_ splits: Splits) -> [Int] { Split.allCases.map { split in splits.assignment.count { $0 == split } } }

    @Test("another share of the holdout leaves the rest in the same proportion", arguments: [(100, [96, 84, 20, 0]), (250, [80, 70, 50, 0]), (500, [53, 47, 100, 0])])
    func holdoutShare(_ thousandths: Int, _ expected: [Int]) {
        let samples = Fixture.samples(200)
        #expect(counts(Splits(samples: samples, seed: 1, holdoutThousandths: thousandths)) == expected)
        #expect(Splits(samples: samples, seed: 1, holdoutThousandths: thousandths) == Splits(samples: samples, seed: 1, holdoutThousandths: thousandths))
        #expect(Splits(samples: samples, seed: 1, holdoutThousandths: 250) == Splits(samples: samples, seed: 1))
    }

    @Test("sets too small for a holdout keep their rule whatever share is asked for", arguments: [12, 20, 59])
    func holdoutShareOfFew(count: Int) {
        let samples = Fixture.samples(count)
        #expect(Splits(samples: samples, seed: 1, holdoutThousandths: 500) == Splits(samples: samples, seed: 1))
    }

    @Test("shares are 40, 35 and 25 percent from 60 samples on", arguments: [60, 61, 100, 120, 500, 1_000])
    func shares(count: Int) {
        for seed in 0..<5 as Range<UInt64> {
            let found = counts(Splits(samples: Fixture.samples(count), seed: seed))
            for (number, share) in zip(found, [0.40, 0.35, 0.25, 0]) { #expect(abs(Double(number) - share * Double(count)) <= 2, "\(found)") }
        }
    }

    @Test("20 to 59 samples are halved, fewer are one pool")
    func smallSets() {
        #expect(counts(Splits(samples: Fixture.samples(59), seed: 1))[2...] == [0, 0])
        let twenty = counts(Splits(samples: Fixture.samples(20), seed: 1))
        #expect(twenty == [10, 10, 0, 0])
        #expect(counts(Splits(samples: Fixture.samples(19), seed: 1)) == [0, 0, 0, 19])
        #expect(Splits(samples: [], seed: 1).assignment.isEmpty)
    }

    @Test("every split has its share of each label", arguments: 0..<10 as Range<UInt64>)
    func stratified(seed: UInt64) {
        let samples = Fixture.samples(120)
        let splits = Splits(samples: samples, seed: seed)
        for label in ["sports", "business", "technology", "health"] {
            let held = splits.indices(.holdout).count { samples[$0].referenceResponse == label }
            #expect((6...9).contains(held))
            let train = splits.indices(.train).count { samples[$0].referenceResponse == label }
            #expect((10...14).contains(train))
        }
    }

    @Test("near-duplicates are never on two sides", arguments: 0..<10 as Range<UInt64>)
    func nearDuplicates(seed: UInt64) {
        var samples = Fixture.samples(90)
        for index in stride(from: 0, to: 90, by: 3) {
            let text = samples[index].variables["headline"] ?? ""
            samples[index].variables = ["headline": text + " five six seven eight"]
            samples[index + 1].variables = ["headline": text.uppercased() + "! five, six; seven eight extra"]
        }
        let splits = Splits(samples: samples, seed: seed)
        for index in stride(from: 0, to: 90, by: 3) { #expect(splits.assignment[index] == splits.assignment[index + 1]) }
        #expect(counts(splits)[2] >= 18)
    }

    @Test("inputs that all look alike are split all the same")
    func allAlike() {
        let constant = (0..<40).map { "word\($0)" }.joined(separator: " ")
        let samples = (0..<80).map { Sample(index: $0, variables: ["q": constant + " q\($0)"], referenceResponse: "r\($0)") }
        #expect(counts(Splits(samples: samples, seed: 0)) == [32, 28, 20, 0])
    }

    @Test("the union of similar pairs is found as comparing all pairs finds it", arguments: 0..<5 as Range<UInt64>)
    func indexMissesNothing(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<120).map { _ in (0..<(3 + generator.index(below: 6))).map { _ in "t\(generator.index(below: 6))" }.joined(separator: " ") }
        let sets = texts.map { Set(NearDuplicates.words($0)) }
        var groups = Array(texts.indices)
        for first in texts.indices {
            for second in texts.indices where second > first {
                let common = Double(sets[first].intersection(sets[second]).count)
                guard common / Double(sets[first].union(sets[second]).count) >= 0.8 else { continue }
                let (low, high) = (min(groups[first], groups[second]), max(groups[first], groups[second]))
                groups = groups.map { $0 == high ? low : $0 }
            }
        }
        #expect(NearDuplicates(texts: texts).groups == groups)
    }

    @Test("thousands of samples are grouped", .timeLimit(.minutes(1)))
    func thousands() {
        let splits = Splits(samples: Fixture.samples(3_000), seed: 0)
        #expect(abs(counts(splits)[0] - 1_200) <= 3)
    }

    @Test("the split depends on samples and seed alone")
    func repeatable() {
        let samples = Fixture.samples(100)
        #expect(Splits(samples: samples, seed: 4) == Splits(samples: samples, seed: 4))
        #expect(Splits(samples: samples, seed: 4) != Splits(samples: samples, seed: 5))
    }
}

@Suite struct AttachmentSplitsTests {
    @Test("samples of files alone are near-duplicates when they have the same file, and only then")
    func files() {
        let samples = (0..<60).map { number in
            let hash = ContentHash(of: [UInt8(number / 2)])
            return Sample(
                index: number, variables: [:], referenceResponse: nil,
                attachments: [AdvPOModel.Attachment(name: "f", kind: .image, uri: "s3://b/\(number)", content: .init(hash: hash, mediaType: .png))])
        }
        for seed in 0..<10 as Range<UInt64> {
            let splits = Splits(samples: samples, seed: seed)
            for pair in stride(from: 0, to: 60, by: 2) { #expect(splits.assignment[pair] == splits.assignment[pair + 1]) }
            #expect(Set(splits.assignment).count == 3)
        }
    }
}
