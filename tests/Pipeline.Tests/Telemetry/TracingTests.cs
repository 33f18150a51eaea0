using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Telemetry;

namespace AaClip.Pipeline.Tests.Telemetry;

// Listeners are one for the process: classes that count on one run one after the other.
[Collection("Telemetry")]
public sealed class TracingTests
{
    private const string Sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public void A_step_continues_the_trace_of_its_message()
    {
        using ActivityListener listener = Listen();

        using Activity? step = Tracing.Start("ScoreImage", Sender);

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", step?.TraceId.ToHexString());
        Assert.Equal("b7ad6b7169203331", step?.ParentSpanId.ToHexString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00-nonsense")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    public void A_message_without_a_trace_begins_one(string? traceparent)
    {
        using ActivityListener listener = Listen();

        using Activity? step = Tracing.Start("RouteUpload", traceparent);

        Assert.NotNull(step);
        Assert.Equal(default, step.ParentSpanId);
    }

    [Fact]
    public void The_span_of_a_host_is_linked_and_does_not_take_over_the_trace()
    {
        using ActivityListener listener = Listen();
        using Activity host = new Activity("invoke").SetIdFormat(ActivityIdFormat.W3C).Start();

        using Activity? step = Tracing.Start("ScoreImage", Sender);

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", step?.TraceId.ToHexString());
        Assert.Equal(host.SpanId, Assert.Single(step?.Links ?? []).Context.SpanId);
    }

    [Fact]
    public void A_received_trace_is_passed_on_where_a_host_runs_an_own_span_only()
    {
        using Activity host = new Activity("invoke").SetIdFormat(ActivityIdFormat.W3C).Start();

        string? sent = Tracing.Stamp(Sender);

        Assert.Equal(Sender, sent);
    }

    [Fact]
    public void A_failed_span_holds_the_type_of_the_exception_and_not_its_text()
    {
        using ActivityListener listener = Listen();
        using Activity? step = Tracing.Start("RaiseAlert", null);

        step.Fail(new InvalidOperationException("AccountKey=secret"));

        Assert.Equal("InvalidOperationException", step?.StatusDescription);
        Assert.DoesNotContain(step?.TagObjects ?? [], tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void One_trace_goes_from_the_stored_image_to_the_scored_message()
    {
        using ActivityListener listener = Listen();
        BlobCreated stored = new()
        {
            Id = "1",
            Container = "images",
            Name = "cam1/a.png",
            ETag = "0x1",
            Bytes = 1,
            Time = default,
            Traceparent = Sender,
        };

        string? request,
            scored;
        using (Tracing.Start("RouteUpload", stored.Traceparent))
            request = Tracing.Stamp(stored.Traceparent);
        using (Tracing.Start("ScoreImage", request))
        using (Tracing.Source.StartActivity("infer"))
            scored = Tracing.Stamp(request);

        Assert.NotEqual(stored.Traceparent, request);
        Assert.NotEqual(request, scored);
        Assert.All([request, scored], stamp => Assert.Equal(TraceId(Sender), TraceId(stamp)));
    }

    private static string TraceId(string? traceparent) => ActivityContext.Parse(traceparent!, null).TraceId.ToHexString();

    private static ActivityListener Listen()
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == Tracing.Name,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
