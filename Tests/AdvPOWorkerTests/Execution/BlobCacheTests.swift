import AdvPOModel
import AdvPOWorker
import Testing

@Suite struct BlobCacheTests {
    private func blob(_ number: Int, bytes: Int = 872) -> Blob { Blob([UInt8](repeating: UInt8(number % 256), count: bytes - 2) + [UInt8(number / 256), 1]) }

    @Test("the least recently used goes first, and the bound holds with every entry's own cost in it")
    func leastRecentlyUsed() {
        var cache = BlobCache(maximumBytes: 3_000)
        let blobs = (0..<4).map { blob($0) }
        for blob in blobs[..<3] { cache.put(blob.hash, blob.bytes) }
        #expect(cache.bytes == 3_000)
        #expect(cache.get(blobs[0].hash) == blobs[0].bytes)
        cache.put(blobs[3].hash, blobs[3].bytes)
        #expect(cache.get(blobs[1].hash) == nil)
        #expect([0, 2, 3].allSatisfy { cache.get(blobs[$0].hash) == blobs[$0].bytes })
        #expect(cache.bytes == 3_000)
    }

    @Test("content above the whole bound is not kept and displaces nothing")
    func tooLarge() {
        var cache = BlobCache(maximumBytes: 1_000)
        let (small, large) = (blob(1), blob(2, bytes: 900))
        cache.put(small.hash, small.bytes)
        cache.put(large.hash, large.bytes)
        #expect(cache.get(large.hash) == nil && cache.get(small.hash) == small.bytes)
    }

    @Test("large content takes the place of many small, and never more than the bound")
    func mixedSizes() {
        var cache = BlobCache(maximumBytes: 10_000)
        let small = (0..<9).map { blob($0) }
        for blob in small { cache.put(blob.hash, blob.bytes) }
        let large = (20..<40).map { blob($0, bytes: 6_000) }
        for blob in large {
            cache.put(blob.hash, blob.bytes)
            #expect(cache.bytes <= 10_000)
            #expect(cache.get(blob.hash) == blob.bytes)
        }
        #expect(small.allSatisfy { cache.get($0.hash) == nil } && cache.bytes == 6_128)
    }

    @Test("any order of uses keeps the bound and the books, as a plain list of what was used says")
    func againstAModel() {
        var cache = BlobCache(maximumBytes: 5_000)
        var model: [Int] = []
        var dice = SeededGenerator(seed: 3)
        let blobs = (0..<20).map { blob($0) }
        for _ in 0..<5_000 {
            let number = Int(dice.next() % 20)
            let isKept = model.contains(number)
            #expect((cache.get(blobs[number].hash) != nil) == isKept)
            model.removeAll { $0 == number }
            model.append(number)
            if !isKept { cache.put(blobs[number].hash, blobs[number].bytes) }
            if model.count > 5 { model.removeFirst() }
            #expect(cache.bytes == model.count * 1_000)
        }
    }
}
