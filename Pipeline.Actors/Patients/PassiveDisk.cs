using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// One partition's way to <see cref="IPassivePatients"/>, which may be a disk: every operation runs on the background scheduler, one after
/// the other in the order of the calls, so that no graph waits for a disk. One thread calls.
/// </summary>
internal sealed class PassiveDisk(IPassivePatients passive, int partition, TaskScheduler scheduler)
{
    private const int MostForgottenAtOnce = 100;

    private Task _last = Task.CompletedTask;

    /// <summary>Ends when everything that was begun has.</summary>
    public Task Ended => _last;

    /// <summary>
    /// Reads the snapshots of patients in one query. The result of each, in the order of <paramref name="patients"/>, holds its snapshot,
    /// none, or what failed: a snapshot that cannot be read fails for its patient alone.
    /// </summary>
    public void Load(IReadOnlyList<PatientId> patients, Action<Loaded> done) => Begin(() => passive.FindMany(partition, patients), (found, failure) =>
    {
        var some = failure as UnreadablePatientsException;
        foreach (var patient in patients)
            done(new Loaded(
                patient, (found ?? some?.Found)?.GetValueOrDefault(patient), some is null || some.Unreadable.ContainsKey(patient) ? failure : null));
    });

    /// <summary>Keeps snapshots; a failure is one of all.</summary>
    public void Keep(IReadOnlyList<PatientSnapshot> snapshots, Action<Exception?> done) => Begin<object?>(() =>
    {
        passive.Keep(partition, snapshots);
        return null;
    }, (_, failure) => done(failure));

    /// <summary>Drops the snapshots of patients that were seen no later than <paramref name="seen"/>, and says whose.</summary>
    public void Forget(LastSeen seen, Action<IReadOnlyList<PatientId>> done) => Begin(() =>
    {
        var unseen = passive.FindUnseen(partition, seen, MostForgottenAtOnce);
        if (unseen.Count > 0)
            passive.Drop(partition, unseen);
        return unseen;
    }, (unseen, _) => done(unseen ?? []));      // what the disk does not do now it does the next time

    /// <summary>Drops all of the partition.</summary>
    public void Clear() => Begin<object?>(() =>
    {
        passive.Clear(partition);
        return null;
    }, (_, _) => { });

    private void Begin<T>(Func<T> work, Action<T?, Exception?> done) where T : class? =>
        _last = _last.ContinueWith(_ =>
        {
            try
            {
                done(work(), null);
            }
            catch (IOException failure)
            {
                done(default, failure);
            }
        }, CancellationToken.None, TaskContinuationOptions.DenyChildAttach, scheduler);
}

/// <summary>A passive patient that was looked for.</summary>
/// <param name="Patient">The patient.</param>
/// <param name="Snapshot">Its snapshot; null when there is none, or the disk did not give it.</param>
/// <param name="Failure">What the disk said; null when it gave what it has.</param>
internal readonly record struct Loaded(PatientId Patient, PatientSnapshot? Snapshot, Exception? Failure);
