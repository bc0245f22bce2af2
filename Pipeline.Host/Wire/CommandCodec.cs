using Google.Protobuf;
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
            Ward = read.Ward,
            Bed = read.Bed,
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
            Ward = command.Ward,
            Bed = command.Bed,
        };
        if (command.Kind == AlarmCommandKind.Limits)
            encoded.Limits = Encode(command.Limits);
        return encoded;
    }

    private static V1.Limits Encode(LimitChange limits)
    {
        var encoded = new V1.Limits();
        foreach (var field in V1.Limits.Descriptor.Fields.InFieldNumberOrder())
            if (LimitChange.Fields[field.FieldNumber - 1].Get(limits) is { } limit)
                field.Accessor.SetValue(encoded, limit);
        return encoded;
    }

    private static LimitChange Decode(V1.Limits limits)
    {
        var decoded = new LimitChange();
        foreach (var field in V1.Limits.Descriptor.Fields.InFieldNumberOrder())
            if (field.Accessor.HasValue(limits))
                LimitChange.Fields[field.FieldNumber - 1].Set(decoded, (double)field.Accessor.GetValue(limits));
        return decoded;
    }
}
