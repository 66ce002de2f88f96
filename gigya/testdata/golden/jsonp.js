gigya.callback({
  "callId": "c3ddd9b1b9d44caef6e8e7acadedd5e3",
  "errorCode": 0,
  "apiVersion": 2,
  "statusCode": 200,
  "statusReason": "OK",
  "time": "2026-03-02T10:15:30.123Z",
  "isAvailable": true
});