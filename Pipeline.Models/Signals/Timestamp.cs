namespace Pipeline.Models.Signals;

/// <summary>A moment of event time: nanoseconds since 1970-01-01T00:00:00Z, what InfluxDB stores. Range 1678 to 2262.</summary>
/// <param name="UnixNanoseconds">Nanoseconds since the Unix epoch, leap seconds left out.</param>
public readonly record struct Timestamp(long UnixNanoseconds) : IComparable<Timestamp>
{
    /// <summary>Nanoseconds in a second.</summary>
    public const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The same moment as a <see cref="DateTimeOffset"/> in UTC, cut to its 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / 100);

    /// <summary>The moment of <paramref name="time"/>.</summary>
    public static Timestamp From(DateTimeOffset time) => new((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100);

    /// <summary>This moment moved by <paramref name="seconds"/>, rounded to the nanosecond.</summary>
    public Timestamp AddSeconds(double seconds) => new(UnixNanoseconds + (long)Math.Round(seconds * NanosecondsPerSecond));

    /// <summary>Seconds from <paramref name="earlier"/> to this moment; negative when this one is earlier.</summary>
    public double SecondsSince(Timestamp earlier) => (UnixNanoseconds - earlier.UnixNanoseconds) / (double)NanosecondsPerSecond;

    /// <inheritdoc/>
    public int CompareTo(Timestamp other) => UnixNanoseconds.CompareTo(other.UnixNanoseconds);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.UnixNanoseconds < right.UnixNanoseconds;

    /// <summary>Later than.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.UnixNanoseconds > right.UnixNanoseconds;

    /// <summary>Earlier than or the same moment.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.UnixNanoseconds <= right.UnixNanoseconds;

    /// <summary>Later than or the same moment.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.UnixNanoseconds >= right.UnixNanoseconds;
}
