using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>What one process answered.</summary>
/// <param name="Process">The process.</param>
/// <param name="Answer">Its answer; null when it gave none.</param>
/// <param name="Fault">Why it gave none; null when it did.</param>
public sealed record ProcessAnswer<T>(Address Process, T? Answer, string? Fault) where T : class;

/// <summary>
/// Reads the whole ward from any process of it: asks every member of the cluster, and passes on a patient's samples while somebody looks.
/// Thread-safe.
/// </summary>
/// <param name="ward">The processes as this one sees them at present.</param>
/// <param name="time">The clock.</param>
public sealed class WardReader(Func<WardMembers> ward, TimeProvider time)
{
    /// <summary>Fault of a member of the cluster that this process cannot reach at present.</summary>
    public const string NotReachable = "not reachable";

    private const int RoomPerPatient = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<(ActorSystem, string), SharedSamples> _shared = [];     // one whose system has ended goes with its last reader

    /// <summary>Reads the ward of the cluster that a process belongs to.</summary>
    /// <param name="node">This process's place in the cluster.</param>
    /// <param name="time">The clock.</param>
    public WardReader(ClusterNode node, TimeProvider time) : this(() => WardMembers.Of(node), time)
    {
    }

    /// <summary>This process.</summary>
    public Address Process => ward().Self;

    /// <summary>The process that places all patients' shards: the oldest member of the cluster, as this process sees it; null while it is
    /// in none.</summary>
    public Address? Coordinator => ward().Oldest;

    /// <summary>What the process that has a patient knows of it: the newest report of all; null when no process that answered knows
    /// it.</summary>
    public async Task<(ProcessAnswer<PatientReport>? Newest, IReadOnlyList<ProcessAnswer<PatientReport>> All)> PatientAsync(string patient, CancellationToken stop)
    {
        var all = await AskAllAsync(async process =>
            (await process.Ask<PatientAnswer>(new PatientQuestion(patient), Patience, stop)).Report, stop);
        return (all.Where(one => one.Answer is not null).MaxBy(one => one.Answer?.Time), all);
    }

    /// <summary>Every patient that a process knows, with the process; a patient who was moved to another process counts once, where the
    /// newest estimate is.</summary>
    public async Task<(IReadOnlyList<(Address Process, PatientReport Report)> Patients, IReadOnlyList<ProcessAnswer<IReadOnlyList<PatientReport>>> All)> PatientsAsync(CancellationToken stop)
    {
        var all = await AskAllAsync<IReadOnlyList<PatientReport>>(async process =>
        {
            var reports = new List<PatientReport>();
            PatientsAnswer answer;
            do
            {
                answer = await process.Ask<PatientsAnswer>(new PatientsQuestion(reports.LastOrDefault()?.Patient), Patience, stop);
                reports.AddRange(answer.Reports);
            }
            while (answer.Reports.Length == PatientsAnswer.Most);
            return reports;
        }, stop);
        return (
        [
            .. all.SelectMany(one => (one.Answer ?? []).Select(report => (one.Process, Report: report)))
                .GroupBy(one => one.Report.Patient, StringComparer.Ordinal).Select(same => same.MaxBy(one => one.Report.Time))
                .OrderBy(one => one.Report.Ward, StringComparer.Ordinal).ThenBy(one => one.Report.Bed, StringComparer.Ordinal).ThenBy(one => one.Report.Patient, StringComparer.Ordinal),
        ], all);
    }

    /// <summary>What each process says of itself.</summary>
    public async Task<IReadOnlyList<ProcessAnswer<ProcessStatus>>> StatusAsync(CancellationToken stop) =>
    [
        .. (await AskAllAsync<StatusAnswer>(async process => await process.Ask<StatusAnswer>(new StatusQuestion(), Patience, stop), stop))
            .Select(one => new ProcessAnswer<ProcessStatus>(one.Process, one.Answer?.Status, one.Answer?.Fault ?? one.Fault)),
    ];

    /// <summary>
    /// The chunks of some patients from now on, wherever they pass, until <paramref name="stop"/> or this process's actor system ends.
    /// However many read a patient here, her chunks come to this process once. A reader who is slow misses chunks.
    /// </summary>
    public async IAsyncEnumerable<LiveSamples> SamplesAsync(IReadOnlyCollection<string> patients, [EnumeratorCancellation] CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(patients);
        var room = new ReaderRoom(Math.Max(SampleReceiver.Room, RoomPerPatient * patients.Count));
        var system = ward().System;
        foreach (var patient in patients)
            Join(system, patient, room);
        try
        {
            await foreach (var samples in room.Waiting.ReadAllAsync(stop))
                yield return samples;
        }
        finally
        {
            foreach (var patient in patients)
                Leave(system, patient, room);
        }
    }

    private void Join(ActorSystem system, string patient, ReaderRoom room)
    {
        lock (_lock)
        {
            if (!_shared.TryGetValue((system, patient), out var shared))
            {
                _shared[(system, patient)] = shared = new SharedSamples();
                shared.Receiver = system.ActorOf(Props.Create(() => new SampleReceiver(patient, ward, shared)));
            }
            shared.Add(room);
        }
    }

    private void Leave(ActorSystem system, string patient, ReaderRoom room)
    {
        lock (_lock)
        {
            if (!_shared.TryGetValue((system, patient), out var shared))
                return;
            shared.Remove(room);
            if (!shared.IsUnused)
                return;
            _shared.Remove((system, patient));
            system.Stop(shared.Receiver);
        }
    }

    private async Task<IReadOnlyList<ProcessAnswer<T>>> AskAllAsync<T>(Func<ICanTell, Task<T?>> ask, CancellationToken stop) where T : class
    {
        var members = ward();
        return await Task.WhenAll(members.All.Select(async process =>
        {
            if (members.Unreachable.Contains(process))
                return new ProcessAnswer<T>(process, null, NotReachable);
            try
            {
                return new ProcessAnswer<T>(process, await ask(Readings(members.System, process)).WaitAsync(Patience * 2, time, stop), null);
            }
            catch (Exception fault) when (fault is AskTimeoutException or TimeoutException)
            {
                return new ProcessAnswer<T>(process, null, "no answer in time");
            }
        }));
    }

    /// <summary>Where a process answers readers.</summary>
    internal static ActorSelection Readings(ActorSystem system, Address process) => system.ActorSelection(new RootActorPath(process) / "user" / ReaderActor.Name);
}

/// <summary>
/// Receives a patient's chunks from whichever process they pass through. Out: <see cref="SamplesWanted"/> to all members, again and again;
/// <see cref="SamplesUnwanted"/> at its end. In: <see cref="LiveSamples"/>.
/// </summary>
internal sealed class SampleReceiver(string patient, Func<WardMembers> ward, SharedSamples readers) : UntypedActor, IWithTimers
{
    /// <summary>Chunks that may be on their way.</summary>
    public const int Room = 16;

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Address, (long Received, long Granted)> _senders = [];

    private sealed class Renew
    {
        public static readonly Renew Now = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;    // Akka sets it before PreStart

    protected override void PreStart() => Timers.StartPeriodicTimer(Renew.Now, Renew.Now, TimeSpan.Zero, Renewal);

    protected override void PostStop()
    {
        foreach (var process in ward().All)
            WardReader.Readings(Context.System, process).Tell(new SamplesUnwanted(patient));
        readers.End();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Renew:
                foreach (var one in ward().All)
                    Grant(one, _senders.GetValueOrDefault(one).Received);
                break;
            case LiveSamples samples:
                var process = Sender.Path.Address.HasLocalScope ? ward().Self : Sender.Path.Address;
                var granted = _senders.GetValueOrDefault(process).Granted;
                _senders[process] = (samples.Number, granted);
                readers.Show(samples);
                if (granted - samples.Number < Room / 2)
                    Grant(process, samples.Number);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Grant(Address process, long received)
    {
        _senders[process] = (received, received + Room);
        WardReader.Readings(Context.System, process).Tell(new SamplesWanted(patient, received + Room));
    }
}
