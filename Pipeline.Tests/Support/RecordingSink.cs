using Pipeline.Actors;

namespace Pipeline.Tests.Support;

/// <summary>Keeps every batch; acknowledges at once, or when <see cref="Gate"/> completes.</summary>
internal sealed class RecordingSink : IPatientSink
{
    private readonly Lock _lock = new();
    private readonly List<OutputBatch> _batches = [];

    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Signalled once for each batch that comes.</summary>
    public SemaphoreSlim Arrived { get; } = new(0);

    public IReadOnlyList<OutputBatch> Batches
    {
        get
        {
            lock (_lock)
                return [.. _batches];
        }
    }

    public IEnumerable<VitalPoint> Points => Batches.SelectMany(b => b.Points);

    public IEnumerable<DeadLetter> DeadLetters => Batches.SelectMany(b => b.DeadLetters);

    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        lock (_lock)
            _batches.Add(batch);
        Arrived.Release();
        await Gate.WaitAsync(stop);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
