using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Host.Publishing;
using Pipeline.Host.Recordings;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Demo;

/// <summary>
/// The demo's ward: its first beds replay recordings, over and over; the others are simulated, and their heart rates known.
/// </summary>
internal sealed class Ward
{
    /// <summary>More faults than a usual ward has, so that some can be seen within minutes.</summary>
    private static readonly DeviceFaults Faults = new(DropoutsPerHour: 6, LeadOffsPerHour: 6, NoisesPerHour: 12, RestartsPerHour: 1, ClockDriftPpm: 30);

    private const int HeartSoundEvery = 6;      // beds to one with a chest microphone

    private readonly ConcurrentDictionary<PatientId, Truth> _truths = new();

    /// <summary>
    /// Opens it: <paramref name="bedCount"/> beds, or one for each recording when those are more. Each goes on where
    /// <paramref name="state"/> has it: the sequences are made again from the ward's beginning, which takes about 7 µs a bed and second, 60 µs of a labour ward.
    /// </summary>
    /// <exception cref="RecordingException">A recording cannot be read.</exception>
    public Ward(int bedCount, IReadOnlyList<string> recordings, WardState state)
    {
        Start = state.Start;
        BedCount = Math.Max(bedCount, recordings.Count);
        var devices = new List<IEnumerable<SampleChunk>>();
        var notes = new List<string>();
        foreach (var path in recordings)
        {
            using (var recording = Recording.Open(path, RecordingOptions.None))   // one that cannot be read is told before anything starts
                notes.AddRange(recording.Notes.Select(note => $"{recording.Name}: {note}"));
            var bed = devices.Count;
            var patient = new RecordedPatient(PatientOf(path), string.Create(CultureInfo.InvariantCulture, $"bed-{bed + 1:0000}"), "demo", 1, Begin(bed));
            devices.Add(Resume(RecordedSequence.Of(path, RecordingOptions.None, patient, isLooping: true), state.ReachedBy(patient.Patient)));
        }
        for (var bed = devices.Count; bed < bedCount; bed++)
        {
            var scenario = state.IsLabour
                ? SimulatedWard.LabourBed(bed, state.Seed, Begin(bed), epoch: 1, Faults, "demo")
                : SimulatedWard.Bed(bed, state.Seed, Begin(bed), epoch: 1, Faults, "demo") with { HasHeartSound = bed % HeartSoundEvery == 1, Camera = SimulatedWard.CameraOf(bed) };
            devices.Add(Resume(Simulate(scenario), state.ReachedBy(scenario.Patient)));
        }
        (Beds, Notes) = (devices, notes);
    }

    /// <summary>Beds, those with recordings included.</summary>
    public int BedCount { get; }

    /// <summary>One sequence a bed: the chunks of its devices in order of time.</summary>
    public IReadOnlyList<IEnumerable<SampleChunk>> Beds { get; }

    /// <summary>Ward time at the beginning.</summary>
    public Timestamp Start { get; }

    /// <summary>What should be known of the recordings; one line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// True mean heart rate of a patient, or of her fetus or its twin, over a window, beats/min; null for recordings, and where there are too few beats.
    /// Thread-safe.
    /// </summary>
    public double? TrueRate(PatientId patient, Vital vital, Timestamp from, Timestamp to) =>
        _truths.TryGetValue(patient, out var truth) && truth.RateOf(vital, from, to) is var rate && double.IsFinite(rate) ? rate : null;

    private Timestamp Begin(int bed) => SimulatedWard.StartOf(bed, Start);

    private static PatientId PatientOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return new PatientId(PseudonymForm.Default.Fit(name));
    }

    /// <summary>
    /// The sequence from the first chunk on that did not end before <paramref name="reached"/>. The chunks before are passed over now, so
    /// that the feed's clock does not run meanwhile. What comes later in the sequence is kept even where another device's clock is slow: it
    /// was not published.
    /// </summary>
    private static IEnumerable<SampleChunk> Resume(IEnumerable<SampleChunk> chunks, Timestamp? reached)
    {
        if (reached is not { } time)
            return chunks;
        var rest = chunks.GetEnumerator();
        while (rest.MoveNext())
            if (WardFeed.EndOf(rest.Current) >= time)
                return Rest(rest);
        rest.Dispose();
        return [];
    }

    private static IEnumerable<SampleChunk> Rest(IEnumerator<SampleChunk> rest)
    {
        using (rest)
            do
                yield return rest.Current;
            while (rest.MoveNext());
    }

    private IEnumerable<SampleChunk> Simulate(BedScenario scenario)
    {
        var truth = _truths[scenario.Patient] = new Truth(scenario.Start);
        var bed = new SimulatedBed(scenario);
        var (chunks, beats, labour) = (new List<SampleChunk>(), new List<TrueBeat>(), new LabourTruth());
        while (true)
        {
            bed.Next(chunks, beats, labour: labour);
            truth.Add(beats, labour, bed.Seconds);
            foreach (var chunk in chunks)
                yield return chunk;
            chunks.Clear();
            beats.Clear();
            labour.Clear();
        }
    }

    /// <summary>The last beats of a patient, of her fetus and its twin.</summary>
    private sealed class Truth(Timestamp start)
    {
        private const double KeptSeconds = 900;

        private readonly Lock _lock = new();
        private readonly Queue<TrueBeat> _beats = new(), _fetalBeats = new(), _twinBeats = new();

        public void Add(List<TrueBeat> beats, LabourTruth labour, double now)
        {
            lock (_lock)
            {
                foreach (var beat in beats)
                    _beats.Enqueue(beat);
                Add(labour.Beats, _fetalBeats);
                Add(labour.Twin?.Beats ?? [], _twinBeats);
                Forget(_beats, now);
                Forget(_fetalBeats, now);
                Forget(_twinBeats, now);
            }

            static void Add(List<TrueFetalBeat> beats, Queue<TrueBeat> to)
            {
                foreach (var beat in beats)
                    to.Enqueue(new(beat.Seconds, beat.Seconds, beat.Seconds, false));
            }
        }

        public double RateOf(Vital vital, Timestamp from, Timestamp to)
        {
            lock (_lock)
            {
                var beats = vital switch
                {
                    { Metric: Metric.HeartRate } => _beats,
                    { Signal: SignalKind.SecondFetalHeartRate } => _twinBeats,
                    _ => _fetalBeats,
                };
                return beats.TryPeek(out var oldest) && oldest.Seconds <= from.SecondsSince(start) + 2
                    ? TrueBeat.HeartRate(beats, from.SecondsSince(start), to.SecondsSince(start))
                    : double.NaN;
            }
        }

        private static void Forget(Queue<TrueBeat> beats, double now)
        {
            while (beats.TryPeek(out var oldest) && oldest.Seconds < now - KeptSeconds)
                beats.Dequeue();
        }
    }
}
