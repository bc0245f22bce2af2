using Akka.Actor;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Compares the patients of this process with those of the others, so that one who comes in two partitions is noticed wherever these are:
/// of any two processes one tells, the other compares. All of them once in <paramref name="round"/>, and at once when a process has come.
/// In: <see cref="PatientsHeld"/>. Out: the same, a page a second, to the members whose addresses come before this one's.
/// </summary>
internal sealed class PlacesActor(PatientPlaces places, TimeSpan round) : UntypedActor, IWithTimers
{
    /// <summary>Its name, by which other processes tell it.</summary>
    public const string Name = "places";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly Queue<PatientsHeld> _pages = [];
    private HashSet<Address> _told = [];
    private int _pause;     // ticks until the next round

    private sealed class Tick
    {
        public static readonly Tick Now = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;    // Akka sets it before PreStart

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Now, Pace);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                TellNext();
                break;
            case PatientsHeld held:
                foreach (var (patient, partition) in held.Patients.Zip(held.Partitions))
                    if (PatientId.IsValid(patient))
                        places.Compare(new PatientId(patient), partition);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void TellNext()
    {
        var self = _cluster.SelfAddress.ToString();
        var others = _cluster.State.Members.Select(member => member.Address).Where(other => string.CompareOrdinal(other.ToString(), self) < 0).ToHashSet();
        if (--_pause <= 0 && _pages.Count == 0 || !others.IsSubsetOf(_told))
            Begin(others);
        if (!_pages.TryDequeue(out var page))
            return;
        foreach (var other in others)
            Context.System.ActorSelection(new RootActorPath(other) / "user" / Name).Tell(page);
    }

    private void Begin(HashSet<Address> others)
    {
        (_told, _pause) = (others, (int)(round / Pace));
        _pages.Clear();
        if (others.Count > 0)
            foreach (var page in places.All.Chunk(PatientsHeld.Most))
                _pages.Enqueue(new PatientsHeld([.. page.Select(one => one.Patient)], [.. page.Select(one => one.Partition)]));
    }
}
