using Google.Protobuf;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>Commands to patients' alarms as records (<c>command.proto</c>) and back.</summary>
public static class CommandCodec
{
    private const double LongestPause = 86_400;     // s; the rules allow less

    /// <summary>The value on the input topic: a <c>SampleChunk</c> that holds nothing but the command.</summary>
    public static byte[] EncodeRecord(PatientId patient, AlarmCommand command) =>
        new V1.SampleChunk { Version = SampleEncoder.Version, Command = Encode(patient, command) }.ToByteArray();

    /// <summary>The value on the commands topic.</summary>
    public static byte[] EncodeAudit(PatientId patient, AlarmCommand command) => Encode(patient, command).ToByteArray();

    /// <summary>Reads a command; null when it is refused, and then <paramref name="refused"/> says why.</summary>
    public static SampleChunk? Decode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes, PseudonymForm form, out string? refused)
    {
        ArgumentNullException.ThrowIfNull(form);
        V1.Command read;
        try
        {
            read = V1.Command.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException fault)
        {
            refused = $"not a command: {fault.Message}";
            return null;
        }
        refused = FindFault(key, read, form);
        if (refused is not null)
            return null;
        var command = new AlarmCommand((AlarmCommandKind)read.Kind, new Timestamp(read.AtNs), read.By, read.Why)
        {
            Id = read.Id,
            Number = read.Number,
            Time = TimeSpan.FromSeconds(read.PauseS),
            Limits = read.Limits is { } limits ? Decode(limits) : new LimitChange(),
        };
        refused = command.FindFault();
        return refused is null ? SampleChunk.Of(new PatientId(read.Patient), command) : null;
    }

    private static string? FindFault(ReadOnlySpan<byte> key, V1.Command read, PseudonymForm form) =>
        !PatientId.IsValid(read.Patient) ? "a command without a patient"
        : form.FindFault(read.Patient) is { } fault ? fault
        : !key.SequenceEqual(SampleEncoder.Key(new PatientId(read.Patient))) ? "the record's key is not the patient that the command names"
        : !(read.PauseS is >= 0 and <= LongestPause) ? FormattableString.Invariant($"a pause of {read.PauseS} s; 0 to {LongestPause} are wanted")
        : null;

    private static V1.Command Encode(PatientId patient, AlarmCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var encoded = new V1.Command
        {
            Kind = (V1.CommandKind)command.Kind,
            Patient = patient.Value,
            AtNs = command.At.UnixNanoseconds,
            By = command.By,
            Why = command.Why,
            Id = command.Id,
            Number = command.Number,
            PauseS = command.Time.TotalSeconds,
        };
        if (command.Kind == AlarmCommandKind.Limits)
            encoded.Limits = Encode(command.Limits);
        return encoded;
    }

    private static V1.Limits Encode(LimitChange limits)
    {
        var encoded = new V1.Limits();
        if (limits.HeartRateVeryLow is { } veryLow)
            encoded.HeartRateVeryLow = veryLow;
        if (limits.HeartRateLow is { } low)
            encoded.HeartRateLow = low;
        if (limits.HeartRateHigh is { } high)
            encoded.HeartRateHigh = high;
        if (limits.HeartRateVeryHigh is { } veryHigh)
            encoded.HeartRateVeryHigh = veryHigh;
        if (limits.FetalRateVeryLow is { } fetalVeryLow)
            encoded.FetalRateVeryLow = fetalVeryLow;
        if (limits.FetalRateLow is { } fetalLow)
            encoded.FetalRateLow = fetalLow;
        if (limits.FetalRateHigh is { } fetalHigh)
            encoded.FetalRateHigh = fetalHigh;
        return encoded;
    }

    private static LimitChange Decode(V1.Limits limits) => new()
    {
        HeartRateVeryLow = limits.HasHeartRateVeryLow ? limits.HeartRateVeryLow : null,
        HeartRateLow = limits.HasHeartRateLow ? limits.HeartRateLow : null,
        HeartRateHigh = limits.HasHeartRateHigh ? limits.HeartRateHigh : null,
        HeartRateVeryHigh = limits.HasHeartRateVeryHigh ? limits.HeartRateVeryHigh : null,
        FetalRateVeryLow = limits.HasFetalRateVeryLow ? limits.FetalRateVeryLow : null,
        FetalRateLow = limits.HasFetalRateLow ? limits.FetalRateLow : null,
        FetalRateHigh = limits.HasFetalRateHigh ? limits.FetalRateHigh : null,
    };
}
