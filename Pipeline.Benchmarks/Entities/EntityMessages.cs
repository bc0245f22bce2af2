using Akka.Actor;
using Pipeline.Actors;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// Windows' messages from one thread to patients' entities and their acknowledgements back, as a partition's graph exchanges them: each by the region, or
/// straight to the entity once it has answered, which is what the graph does.
/// </summary>
internal sealed class EntityMessages : IDisposable
{
    private const int MostOpen = 4_096;

    private readonly PatientReplies _replies = new(TaskScheduler.Default);
    private readonly SemaphoreSlim _woken = new(0);
    private readonly PatientLink[] _links;
    private readonly IPatientRegion _region;
    private List<IForPatient> _taken = [];

    /// <summary>Messages go to the patients in a shuffled order, which repeats.</summary>
    public EntityMessages(IPatientRegion region, int patients)
    {
        _region = region;
        _links = [.. Enumerable.Range(0, patients).Select(i => new PatientLink(new PatientId($"P-{i:00000}")))];
        new Random(1).Shuffle(_links);
        _replies.Attach(() => _woken.Release());
    }

    /// <summary>CPU seconds of the process for <paramref name="count"/> messages.</summary>
    public async Task<double> RunAsync(long count, bool byRegion)
    {
        var before = Cost.Now();
        long sent = 0, acknowledged = 0;
        while (acknowledged < count)
        {
            for (; sent < count && sent - acknowledged < MostOpen; sent++)
            {
                var link = _links[sent % _links.Length];
                var message = new PatientWindows(0, link, _replies) { Start = link.Start, Number = link.WindowsCount++ };
                link.Start = null;
                (byRegion ? _region.Patients : link.Entity ?? _region.Patients).Tell(message, ActorRefs.NoSender);
            }
            _taken = _replies.TakeAll(_taken);
            foreach (var reply in _taken.OfType<PatientWindows>())
                reply.Link.Entity ??= reply.By;
            var some = _taken.Count;
            acknowledged += some;
            _taken.Clear();
            if (some == 0 && _replies.Sleep())
                await _woken.WaitAsync();
        }
        return (Cost.Now() - before).ProcessCpuSeconds;
    }

    public void Dispose()
    {
        _replies.Dispose();
        _woken.Dispose();
    }
}
