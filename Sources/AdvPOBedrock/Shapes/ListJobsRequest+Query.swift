package import AdvPOModel

extension ListJobsRequest {
    /// The page size when a request names none; the published service's own is not documented.
    package static let standardMaxResults = 100
    package static let maxResultsRange = 1...1000

    /// Checks the query of `ListAdvancedPromptOptimizationJobs`; each argument is a parameter's decoded text, nil when absent.
    ///
    /// Without `sortOrder` the newest job comes first.
    package init(maxResults: String?, nextToken: String?, sortBy: String?, sortOrder: String?) throws(APIError) {
        var violations = Violations()
        var count = Self.standardMaxResults
        if let maxResults {
            if let number = Int(maxResults), Self.maxResultsRange.contains(number) {
                count = number
            } else {
                violations.add(.string(maxResults), at: "maxResults", "Member must be an integer from 1 to 1000")
            }
        }
        if let nextToken { violations.check(nextToken, at: "nextToken", length: 1...2048, pattern: .paginationToken) }
        if let sortBy, sortBy != "CreationTime" { violations.add(.string(sortBy), at: "sortBy", "Member must satisfy enum value set: [CreationTime]") }
        var ascending = false
        switch sortOrder {
        case nil, "Descending": break
        case "Ascending": ascending = true
        case .some(let other): violations.add(.string(other), at: "sortOrder", "Member must satisfy enum value set: [Ascending, Descending]")
        }
        try violations.throwIfAny()
        self.init(maxResults: count, nextToken: nextToken, ascending: ascending)
    }
}

/// Where a listing goes on: after one job, in one direction. Opaque to clients.
package struct PaginationToken: Hashable, Sendable {
    /// The last job of the page before, by what jobs are sorted by.
    package var createdMillisecondsSince1970: Int64
    package var job: JobID
    package var ascending: Bool

    package init(createdMillisecondsSince1970: Int64, job: JobID, ascending: Bool) {
        self.createdMillisecondsSince1970 = createdMillisecondsSince1970
        self.job = job
        self.ascending = ascending
    }

    package var encoded: String { "\(ascending ? "a" : "d")\(String(createdMillisecondsSince1970, radix: 36)).\(job)" }

    /// Throws `ValidationException` unless the text came from `encoded` with the same sort order.
    package init(parsing text: String, ascending: Bool) throws(APIError) {
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, text.hasPrefix("a") || text.hasPrefix("d"), let created = Int64(parts[0], radix: 36), let job = JobID(String(parts[1])) else {
            throw APIError(code: .validation, message: "The nextToken is not one that this server gave. Start the listing again without it.")
        }
        guard text.hasPrefix("a") == ascending else {
            throw APIError(code: .validation, message: "The nextToken belongs to a listing in the other sortOrder. Go on with the order it began with.")
        }
        self.init(createdMillisecondsSince1970: created, job: job, ascending: ascending)
    }
}
