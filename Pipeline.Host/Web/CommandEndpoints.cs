using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;
using Pipeline.Host.Errors;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Web;

/// <summary>Sends a command to a patient's alarms.</summary>
/// <exception cref="CommandException">It is none that could be applied, or the brokers do not take it.</exception>
internal delegate Task SendCommand(PatientId patient, AlarmCommand command, CancellationToken stop);

/// <summary><c>POST /api/patients/PID/alarms/acknowledge</c>, <c>…/pause</c>, <c>…/limits</c>: what somebody wants of a patient's alarms, with who and why.</summary>
internal static class CommandEndpoints
{
    private const int LongestPause = 600;

    private sealed record Acknowledgement(long Number, string? Why);

    private sealed record Pause(int Seconds, string? Why);

    private sealed record OwnLimits(
        double? HeartRateVeryLow, double? HeartRateLow, double? HeartRateHigh, double? HeartRateVeryHigh, double? FetalRateVeryLow, double? FetalRateLow, double? FetalRateHigh,
        double? SystolicPressureLow, double? SystolicPressureHigh, double? MeanPressureLow, double? MeanPressureHigh, double? DiastolicPressureLow, double? DiastolicPressureHigh, string? Why)
    {
        public LimitChange Limits => new()
        {
            HeartRateVeryLow = HeartRateVeryLow,
            HeartRateLow = HeartRateLow,
            HeartRateHigh = HeartRateHigh,
            HeartRateVeryHigh = HeartRateVeryHigh,
            FetalRateVeryLow = FetalRateVeryLow,
            FetalRateLow = FetalRateLow,
            FetalRateHigh = FetalRateHigh,
            SystolicPressureLow = SystolicPressureLow,
            SystolicPressureHigh = SystolicPressureHigh,
            MeanPressureLow = MeanPressureLow,
            MeanPressureHigh = MeanPressureHigh,
            DiastolicPressureLow = DiastolicPressureLow,
            DiastolicPressureHigh = DiastolicPressureHigh,
        };
    }

    /// <summary>Adds them.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="reader">Null while the process starts: answered with 503.</param>
    /// <param name="rules">The limits of the wards.</param>
    /// <param name="send">Sends.</param>
    /// <param name="time">For when it was wanted.</param>
    public static void MapCommands(this IEndpointRouteBuilder routes, Func<WardReader?> reader, AlarmRules rules, SendCommand send, TimeProvider time)
    {
        var commands = new Commands(reader, rules, send, time);
        routes.MapPost("/api/patients/{patient}/alarms/acknowledge", (string patient, Acknowledgement body, HttpContext context) =>
            commands.SendAsync(patient, body?.Why, context, (command, report) =>
                body!.Number != 0 && report.Alarms?.Open.Any(alarm => alarm.Number == body.Number) != true
                    ? (command, $"alarm {body.Number} is over")
                    : (command with { Kind = AlarmCommandKind.Acknowledge, Number = body.Number }, null))).RequireRight(Right.Acknowledge).RequireCsrfToken();
        routes.MapPost("/api/patients/{patient}/alarms/pause", (string patient, Pause body, HttpContext context) =>
            commands.SendAsync(patient, body?.Why, context, (command, _) => body!.Seconds is < 0 or > LongestPause
                ? (command, $"a pause of 0 to {LongestPause} s is possible")
                : (command with { Kind = AlarmCommandKind.Pause, Time = TimeSpan.FromSeconds(body.Seconds) }, null))).RequireRight(Right.Acknowledge).RequireCsrfToken();
        routes.MapPost("/api/patients/{patient}/alarms/limits", (string patient, OwnLimits body, HttpContext context) =>
            commands.SendAsync(patient, body?.Why, context, (command, report) =>
                rules.LimitsOf(report.Ward).With(body!.Limits).FindFault() is { } fault
                    ? (command, $"{fault.Limit}: {fault.Fault}")
                    : (command with { Kind = AlarmCommandKind.Limits, Limits = body.Limits }, null))).RequireRight(Right.Limits).RequireCsrfToken();
    }

    private sealed class Commands(Func<WardReader?> reader, AlarmRules rules, SendCommand send, TimeProvider time)
    {
        public async Task<IResult> SendAsync(string patient, string? why, HttpContext context, Func<AlarmCommand, PatientReport, (AlarmCommand Command, string? Fault)> make)
        {
            var stop = context.RequestAborted;
            if (reader() is not { } ward)
                return Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
            if (!rules.Enabled)
                return Refused("Alarms are off (Alarms:Enabled).", StatusCodes.Status409Conflict);
            if (string.IsNullOrWhiteSpace(why) || why.Any(char.IsControl))
                return Refused("why is wanted, in a few words.", StatusCodes.Status400BadRequest);
            if (!PatientId.IsValid(patient) || (await ward.PatientAsync(patient, stop)).Newest?.Answer is not { } report)
                return Refused("No process knows the patient.", StatusCodes.Status404NotFound);
            var who = context.User.Identity?.Name ?? "";
            var (command, fault) = make(new AlarmCommand(default, Timestamp.From(time.GetUtcNow()), who, why.Trim()) { Id = BitConverter.ToInt64(Guid.NewGuid().ToByteArray()) }, report);
            if ((fault ?? command.FindFault()) is { } wrong)
                return Refused($"{wrong}.", StatusCodes.Status400BadRequest);
            context.RequestServices.GetRequiredService<AuditLog>().Write(context, ActOf(command), patient, DetailOf(command));
            try
            {
                await send(new PatientId(patient), command, stop);
                return Results.Accepted();
            }
            catch (CommandException refused)
            {
                return Refused(refused.Message, refused.ExitCode == ExitCode.BadUsage ? StatusCodes.Status400BadRequest : StatusCodes.Status503ServiceUnavailable);
            }
        }

        private static IResult Refused(string text, int status) => Results.Text(text, statusCode: status);

        private static string ActOf(AlarmCommand command) => command.Kind.ToString().ToLowerInvariant();

        private static string DetailOf(AlarmCommand command) => FormattableString.Invariant($"{WhatOf(command)}: {command.Why}");

        private static string WhatOf(AlarmCommand command) => command.Kind switch
        {
            AlarmCommandKind.Acknowledge => command.Number == 0 ? "all alarms" : FormattableString.Invariant($"alarm {command.Number}"),
            AlarmCommandKind.Pause => FormattableString.Invariant($"{command.Time.TotalSeconds:0} s"),
            _ => TextOf(command.Limits),
        };

        private static string TextOf(LimitChange limits)
        {
            (string Name, double? Value)[] all =
            [
                ("very low", limits.HeartRateVeryLow), ("low", limits.HeartRateLow), ("high", limits.HeartRateHigh), ("very high", limits.HeartRateVeryHigh),
                ("fetal very low", limits.FetalRateVeryLow), ("fetal low", limits.FetalRateLow), ("fetal high", limits.FetalRateHigh),
                ("systolic low", limits.SystolicPressureLow), ("systolic high", limits.SystolicPressureHigh), ("mean low", limits.MeanPressureLow), ("mean high", limits.MeanPressureHigh),
                ("diastolic low", limits.DiastolicPressureLow), ("diastolic high", limits.DiastolicPressureHigh),
            ];
            var own = string.Join(" ", all.Where(limit => limit.Value is not null).Select(limit => FormattableString.Invariant($"{limit.Name} {limit.Value}")));
            return own.Length > 0 ? own : "the ward's";
        }
    }
}
