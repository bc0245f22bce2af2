using System.Globalization;
using Pipeline.Actors;
using Pipeline.Host.Recordings;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Publishing;

/// <summary>What is published: each sequence holds one patient's chunks in order of time.</summary>
/// <param name="Patients">The sequences.</param>
/// <param name="Start">Event time of the beginning.</param>
/// <param name="Speed">Event seconds a second.</param>
/// <param name="Description">What it is, for the first line: <c>3 recordings</c>.</param>
internal sealed record Publication(IReadOnlyList<IEnumerable<SampleChunk>> Patients, Timestamp Start, double Speed, string Description)
{
    /// <summary>An epoch that is later than that of any earlier run: the devices of a second run are restarted ones.</summary>
    public static long EpochAt(Timestamp start) => start.UnixNanoseconds / 1_000_000;
}

/// <summary>Recordings that are published as if their devices sent them now.</summary>
/// <param name="Paths">The recordings.</param>
/// <param name="Options">Their channels and rate.</param>
/// <param name="Bed">Bed of the first; the later ones get a number.</param>
/// <param name="Ward">Ward of all.</param>
/// <param name="IsLooping">Again and again, each time as restarted devices.</param>
internal sealed record ReplayRecordings(IReadOnlyList<string> Paths, RecordingOptions Options, string Bed, string Ward, bool IsLooping)
{
    /// <summary>What the patients' pseudonyms may look like.</summary>
    public PseudonymForm Form { get; init; } = PseudonymForm.Default;

    /// <summary>Opens each, and answers what is to be known of it, a line each. <paramref name="topology"/>: what a pipeline takes.</summary>
    /// <exception cref="RecordingException">One cannot be read, or has devices that a pipeline would refuse.</exception>
    public IEnumerable<string> Notes(TopologyOptions topology)
    {
        foreach (var path in Paths.Where(path => Form.Fit(StemOf(path)) != StemOf(path)))
            yield return $"{Path.GetFileName(path)}: {Form.FindFault(StemOf(path))}; it is published as {Form.Fit(StemOf(path))}";
        foreach (var path in Paths)
            using (var recording = Recording.Open(path, Options))
            {
                if (recording.FindExcess(topology) is { } excess)
                    throw new RecordingException($"{Path.GetFileName(path)}: {excess}; here --channel LABEL=ignore leaves a channel out, and "
                        + $"--set Topology:{nameof(TopologyOptions.MaxPatientBytes)}=… says what the pipeline is set to");
                foreach (var note in recording.Notes)
                    yield return $"{Path.GetFileName(path)}: {note}";
            }
    }

    /// <summary>From <paramref name="start"/> on.</summary>
    public Publication Publish(Timestamp start, double speed)
    {
        var names = NamesOf(Paths, Form);
        var sequences = Paths.Select((path, i) => RecordedSequence.Of(
            path, Options, new(new(names[i]), i == 0 ? Bed : $"{Bed}-{i + 1}", Ward, Publication.EpochAt(start), start), IsLooping));
        return new([.. sequences], start, speed, string.Create(CultureInfo.InvariantCulture, $"{Paths.Count} recordings"));
    }

    /// <summary>A pseudonym for each file: its name, or a hash of it where that looks like a person's, and a number where two are alike.</summary>
    private static List<string> NamesOf(IReadOnlyList<string> paths, PseudonymForm form)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var path in paths)
        {
            var stem = form.Fit(StemOf(path));
            if (form.FindFault(stem) is { } fault)
                throw new RecordingException($"{Path.GetFileName(path)}: its name becomes the patient's pseudonym, and {fault}: rename the file.");
            var name = stem;
            for (var number = 2; !taken.Add(name); number++)
                name = $"{stem}-{number}";
            names.Add(name);
        }
        return names;
    }

    private static string StemOf(string path)
    {
        var stem = string.Concat(Path.GetFileNameWithoutExtension(path).Where(c => !char.IsControl(c)).Take(PatientId.MaxLength - 8));
        return stem.Length == 0 ? "recording" : stem;
    }
}

/// <summary>A simulated ward that is published.</summary>
/// <param name="Beds">How many beds of a general ward.</param>
/// <param name="LabourBeds">How many of a labour ward.</param>
/// <param name="Seconds">Seconds of the ward's time; null: without end.</param>
/// <param name="Seed">The same seed, the same ward.</param>
/// <param name="Faults">Faults of the devices.</param>
internal sealed record SimulatedPublication(int Beds, int LabourBeds, long? Seconds, int Seed, DeviceFaults Faults)
{
    /// <summary>From <paramref name="start"/> on; what is known goes to <paramref name="truth"/>.</summary>
    public Publication Publish(Timestamp start, double speed, TextWriter? truth)
    {
        var rows = truth is null ? null : new TruthRows(truth, LabourBeds > 0);
        var epoch = Publication.EpochAt(start);
        var general = Enumerable.Range(0, Beds).Select(index => SimulatedWard.Bed(index, Seed, SimulatedWard.StartOf(index, start), epoch, Faults));
        var labour = Enumerable.Range(0, LabourBeds)
            .Select(index => SimulatedWard.LabourBed(index, Seed, SimulatedWard.StartOf(Beds + index, start), epoch, Faults));
        var sequences = general.Concat(labour).Select(scenario => SimulatedSequence.Of(scenario, Seconds, rows));
        var beds = LabourBeds == 0 ? "" : Beds == 0 ? ", all in labour" : string.Create(CultureInfo.InvariantCulture, $", {LabourBeds} of them in labour");
        return new([.. sequences], start, speed, string.Create(CultureInfo.InvariantCulture, $"{Beds + LabourBeds} simulated beds{beds}"));
    }
}
