using Akka.Actor;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>What a process can tell readers.</summary>
/// <param name="Latest">The newest estimates.</param>
/// <param name="Tap">The chunks that pass.</param>
/// <param name="Status">What the process says of itself.</param>
public sealed record LocalReadings(LatestValues Latest, SampleTap Tap, Func<Task<ProcessStatus>> Status);

/// <summary>
/// Answers the readers of all processes for this one. In: <see cref="PatientQuestion"/>, <see cref="PatientsQuestion"/>, <see cref="StatusQuestion"/>,
/// <see cref="SamplesWanted"/>, <see cref="SamplesUnwanted"/>. Out: their answers, to the sender.
/// </summary>
internal sealed class ReaderActor(LocalReadings readings) : UntypedActor, IWithTimers
{
    /// <summary>Its name, by which other processes ask it.</summary>
    public const string Name = "readings";

    private static readonly TimeSpan ExpiryPace = TimeSpan.FromSeconds(2);

    private sealed class Expire
    {
        public static readonly Expire Now = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;    // Akka sets it before PreStart

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PatientQuestion question:
                Sender.Tell(new PatientAnswer(PatientId.IsValid(question.Patient) ? ReportOf(new PatientId(question.Patient)) : null));
                break;
            case PatientsQuestion question:
                Sender.Tell(new PatientsAnswer([.. readings.Latest.Patients(question.After, PatientsAnswer.Most).Select(PatientReport.From).OfType<PatientReport>()]));
                break;
            case StatusQuestion:
                AnswerStatus();
                break;
            case SamplesWanted wanted when PatientId.IsValid(wanted.Patient):
                readings.Tap.Add(new PatientId(wanted.Patient), Sender, Self, wanted.UpTo);
                Timers.StartPeriodicTimer(nameof(Expire), Expire.Now, ExpiryPace);
                break;
            case SamplesUnwanted unwanted when PatientId.IsValid(unwanted.Patient):
                readings.Tap.Remove(new PatientId(unwanted.Patient), Sender);
                break;
            case Expire:
                readings.Tap.RemoveExpired();
                if (!readings.Tap.IsUsed)
                    Timers.Cancel(nameof(Expire));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private PatientReport? ReportOf(PatientId patient)
    {
        if (PatientReport.From(readings.Latest.ByPatient(patient)) is not { } report)
            return null;
        var (beats, encodings) = readings.Latest.BeatsOf(patient);
        return report with { Beats = beats, Encodings = encodings };
    }

    private void AnswerStatus()
    {
        var asker = Sender;
        readings.Status().PipeTo(asker, Self, status => new StatusAnswer(status, null), fault => new StatusAnswer(null, fault.Message));
    }
}
