using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Errors;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Publishes a command to a patient's alarms: first to the commands topic, which says for ever what was wanted, then among the patient's
/// samples, in whose order it is applied.
/// </summary>
internal static class CommandPublisher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Completes when the brokers have both records.</summary>
    /// <exception cref="CommandException">The command is none that could be applied, or the brokers do not take it in time.</exception>
    public static async Task PublishAsync(KafkaOptions options, PatientId patient, AlarmCommand command, TimeProvider time, CancellationToken stop)
    {
        if ((new PseudonymForm(options.PatientPattern).FindFault(patient.Value) ?? command.FindFault()) is { } fault)
            throw CommandException.BadUsage($"{fault}.");
        using var writer = new TopicWriter("commands", options, NullLogger.Instance, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        var key = SampleEncoder.Key(patient);
        try
        {
            await writer.DeliverAsync(options.CommandsTopic, [new TopicRecord(key, CommandCodec.EncodeAudit(patient, command))], patience.Token);
            await writer.DeliverAsync(options.SamplesTopic, [new TopicRecord(key, CommandCodec.EncodeRecord(patient, command))], patience.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new CommandException(FormattableString.Invariant(
                $"{options.BootstrapServers} did not take the command within {Patience.TotalSeconds:0} s: it may not have been applied. ./pipeline doctor says what is wrong."));
        }
    }
}
