using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pipeline.Benchmarks;

/// <summary>What a piece of work cost.</summary>
/// <param name="WallSeconds">Elapsed time.</param>
/// <param name="ProcessCpuSeconds">CPU time of all threads of the process, user and system.</param>
/// <param name="ThreadCpuSeconds">CPU time of the calling thread; only right when the work stayed on it.</param>
/// <param name="ThreadBytes">Bytes that the calling thread allocated on the managed heap.</param>
/// <param name="ProcessBytes">Bytes that all threads allocated on the managed heap.</param>
internal readonly partial record struct Cost(
    double WallSeconds, double ProcessCpuSeconds, double ThreadCpuSeconds, long ThreadBytes, long ProcessBytes)
{
    private const int ProcessClock = 2;   // CLOCK_PROCESS_CPUTIME_ID of Linux
    private const int ThreadClock = 3;    // CLOCK_THREAD_CPUTIME_ID

    /// <summary>The counters now; the difference of two is the cost of what lies between them.</summary>
    public static Cost Now() => new(
        Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency,
        ReadClock(ProcessClock),
        ReadClock(ThreadClock),
        GC.GetAllocatedBytesForCurrentThread(),
        GC.GetTotalAllocatedBytes());

    /// <summary>Cost of one call of <paramref name="work"/>, which stays on this thread.</summary>
    public static Cost Of(Action work)
    {
        var start = Now();
        work();
        return Now() - start;
    }

    /// <summary>The cost of what lies between two readings.</summary>
    public static Cost operator -(Cost end, Cost start) => new(
        end.WallSeconds - start.WallSeconds,
        end.ProcessCpuSeconds - start.ProcessCpuSeconds,
        end.ThreadCpuSeconds - start.ThreadCpuSeconds,
        end.ThreadBytes - start.ThreadBytes,
        end.ProcessBytes - start.ProcessBytes);

    private static double ReadClock(int clock)
    {
        if (!OperatingSystem.IsLinux())
            return Environment.CpuUsage.TotalTime.TotalSeconds;
        var result = ClockGetTime(clock, out var time);
        return result == 0 ? time.Seconds + time.Nanoseconds * 1e-9 : throw new InvalidOperationException($"clock_gettime({clock}) failed.");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
