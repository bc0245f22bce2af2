using System.Text;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>A record on its way through its patient's streams. One is used again and again by one thread.</summary>
internal sealed class RecordHandling(PartitionContext partition)
{
    /// <summary>The record; it has a chunk.</summary>
    public ShardRecord Record { get; private set; }

    public SampleChunk Chunk => Record.Chunk!;      // only records with a chunk are handled

    /// <summary>How the patient's entity is reached; null of a record that has no patient.</summary>
    public PatientLink? Link { get; private set; }

    /// <summary>What the output says of where it comes from.</summary>
    public Origin Origin { get; private set; }

    /// <summary>Takes beats and dead letters.</summary>
    public OutputBatch Output { get; private set; } = null!;    // set by Begin

    /// <summary>The windows that the record completed; null before the first.</summary>
    public PatientWindows? Windows { get; private set; }

    /// <summary>Empty, and left empty.</summary>
    public StageOutput Scratch => partition.Scratch;

    /// <summary>Notes what the record is about to change.</summary>
    public StreamMark Mark { get; } = new();

    public IReadOnlyList<INetwork> Networks => partition.Networks.Asked;

    public PartitionSettings Settings => partition.Settings;

    /// <summary>Bytes of samples that the partition's patients hold in memory.</summary>
    public Func<long> HeldBytes => partition.HeldBytes;

    public void Begin(in ShardRecord record, PatientLink? link, OutputBatch output) =>
        (Record, Link, Output, Windows, Origin) = (record, link, output, null, new Origin(partition.Topic, partition.Number, record.Offset));

    /// <summary>Adds a point of a window, and what is asked about it.</summary>
    public void Add(VitalPoint point, NetworkQuestion? question)
    {
        Begin().Points.Add(new WindowPoint(point, question, null));
    }

    /// <summary>Adds a beat of a window whose points were added; of a window without points nothing is kept.</summary>
    public void Add(in WindowBeat beat)
    {
        if (Windows is { } windows && Settings.Alarms is { Enabled: true })
            (windows.Beats ??= []).Add(beat);
    }

    /// <summary>The record is a command to the patient's alarms.</summary>
    public void Add(AlarmCommand command) => Begin().Command = command;

    // Only a patient's record completes windows or is a command.
    private PatientWindows Begin() => Windows ??= new PatientWindows(partition.Number, Link!, partition.Replies) { Origin = Origin };

    /// <summary>The record's windows so far are not to be.</summary>
    public void DropWindows() => Windows = null;

    /// <summary>A dead letter about the record, with its own bytes.</summary>
    public void AddDeadLetter(string stage, string? reason) => Output.DeadLetters.Add(new DeadLetter(
        stage, reason ?? "", Origin, Encoding.UTF8.GetBytes(Chunk.Patient.Value ?? ""), Record.Payload));
}
