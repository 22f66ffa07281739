/// Reads how long a server asks to be left alone.
enum RetryAfter {
    /// Seconds or an HTTP date (RFC 9110, 10.2.3); a date is measured against the answer's own `Date`, so that no clock need agree.
    ///
    /// Nil when it is neither, or a date without `Date` beside it.
    static func wait(retryAfter: String?, milliseconds: String?, date: String?) -> Duration? {
        if let milliseconds, let value = Int64(milliseconds), (0...Int64(Int32.max)).contains(value) { return .milliseconds(value) }
        guard let retryAfter else { return nil }
        if let seconds = Int64(retryAfter) { return (0...Int64(Int32.max)).contains(seconds) ? .seconds(seconds) : nil }
        guard let until = secondsSinceEpoch(retryAfter), let now = date.flatMap(secondsSinceEpoch) else { return nil }
        return .seconds(max(0, until - now))
    }

    /// An IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT`; the obsolete forms are not read.
    static func secondsSinceEpoch(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]), (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
        return days(year: year, month: Int64(month) + 1, day: day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Days since 1970-01-01. Source: Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
