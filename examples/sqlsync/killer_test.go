package main

import (
	"context"
	"database/sql/driver"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
)

// killer returns what makes a process kill itself by SIGKILL at a step of its work with the database: each statement,
// beginning and commit is a step before it is done, and another one afterwards. "" is never.
func killer(at string) func(driver.Connector) driver.Connector {
	last, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return nil
	}
	var steps atomic.Int64
	step := func() {
		if steps.Add(1) == last {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal is there
		}
	}
	return func(c driver.Connector) driver.Connector { return countedConnector{c, step} }
}

// countedConnector is a connector whose connections call step.
type countedConnector struct {
	driver.Connector
	step func()
}

func (c countedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return countedConn{conn, c.step}, nil
}

// countedConn calls step before and after what it does. Both drivers have all of these methods.
type countedConn struct {
	driver.Conn
	step func()
}

func (c countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.step()
	defer c.step()
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.step()
	defer c.step()
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c countedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.step()
	defer c.step()
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return countedTx{tx, c.step}, err
}

func (c countedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c countedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c countedConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

// countedTx calls step before and after the commit.
type countedTx struct {
	driver.Tx
	step func()
}

func (t countedTx) Commit() error {
	t.step()
	defer t.step()
	return t.Tx.Commit()
}
