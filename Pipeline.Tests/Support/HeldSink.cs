using Pipeline.Actors;

namespace Pipeline.Tests.Support;

/// <summary>Keeps what it is given; acknowledges at once, or when <see cref="Release"/> says so.</summary>
internal sealed class HeldSink : IPatientSink
{
    private readonly Lock _lock = new();
    private readonly List<OutputBatch> _batches = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _held;

    public IReadOnlyList<DeadLetter> DeadLetters
    {
        get
        {
            lock (_lock)
                return [.. _batches.SelectMany(batch => batch.DeadLetters)];
        }
    }

    public IReadOnlyList<VitalPoint> Points
    {
        get
        {
            lock (_lock)
                return [.. _batches.SelectMany(batch => batch.Points)];
        }
    }

    /// <summary>Completes when something was given.</summary>
    public Task Given => _first.Task;

    public bool IsDisposed { get; private set; }

    /// <summary>From now on nothing is acknowledged until <see cref="Release"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _held?.TrySetResult();

    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        lock (_lock)
            _batches.Add(batch);
        _first.TrySetResult();
        return _held?.Task.WaitAsync(stop) ?? Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
