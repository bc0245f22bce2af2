namespace Pipeline.Tests.Support;

/// <summary>
/// What a piece of work allocates on its thread. The runtime now and then allocates there on its own account (it loads a type, it replaces a
/// method by a faster one): once, not every time. So the work is done up to five times over, and the least counts.
/// </summary>
internal static class Allocation
{
    private const int MostAttempts = 5;

    /// <summary>The least number of bytes that <paramref name="work"/> allocates.</summary>
    public static long Least(Action work) => Least(() =>
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    });

    /// <summary>The least of what <paramref name="measured"/>, which prepares and measures some work, says of it.</summary>
    public static long Least(Func<long> measured)
    {
        var least = long.MaxValue;
        for (var attempt = 0; attempt < MostAttempts && least > 0; attempt++)
            least = Math.Min(least, measured());
        return least;
    }
}
