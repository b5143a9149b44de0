module correlation-id

go 1.24

require sallyport v0.0.0

replace sallyport => ../../sdk/go
