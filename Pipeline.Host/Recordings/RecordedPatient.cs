using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>Who and where a recording is played for.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Bed">Bed; may be empty.</param>
/// <param name="Ward">Ward; may be empty.</param>
/// <param name="Epoch">Epoch of its devices.</param>
/// <param name="Start">Event time of its first sample.</param>
public sealed record RecordedPatient(PatientId Patient, string Bed, string Ward, long Epoch, Timestamp Start);
