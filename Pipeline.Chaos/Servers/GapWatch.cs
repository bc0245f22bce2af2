using Pipeline.Chaos.Series;

namespace Pipeline.Chaos.Servers;

/// <summary>Polls the store as a reader does, each <paramref name="interval"/>, and notes what it finds.</summary>
internal sealed class GapWatch(ChaosInflux influx, PatientGaps gaps, TimeSpan interval, TimeProvider time) : IAsyncDisposable
{
    private const long LookBackNanoseconds = 120L * 1_000_000_000;

    private readonly CancellationTokenSource _stop = new();
    private Task _looking = Task.CompletedTask;
    private volatile IReadOnlyList<string>? _only;

    /// <summary>Begins; event time is the clock's, or later.</summary>
    public void Start() => _looking = LookAsync();

    /// <summary>From now on looks at these patients alone, or with null at all: a store answers for all of them with CPU that its writes need.</summary>
    public void LookAt(IReadOnlyList<string>? patients) => _only = patients;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    gaps.Note(await influx.NewestAsync(time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000 - LookBackNanoseconds, _only, _stop.Token));
                }
                catch (HttpRequestException)
                {
                    // The store is down: nothing is readable, which is what is measured.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
    }
}
